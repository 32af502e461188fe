"""Requests that start a job of the workspace, and its described parameters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Job, JobType, Parameter
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.platforms.azure_databricks.client import RunClient
from polysync_core.platforms.azure_databricks.job import DatabricksJobConnector
from polysync_core.platforms.azure_databricks.job_discovery import JobDiscovery
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from tests.fakes.builders import NOON
from tests.fakes.http import Reply, ScriptedTransport, Step, VirtualTime

SCHEMA = (
    Parameter(name="rows", data_type=DataType.INT),
    Parameter(name="key", data_type=DataType.SECRET),
    Parameter(name="full_refresh", data_type=DataType.BOOL),
)
VALUES: dict[str, Any] = {"full_refresh": True, "key": Secret("s3cret"), "rows": 7}


def connect(*steps: Step) -> tuple[DatabricksJobConnector, ScriptedTransport]:
    transport = ScriptedTransport(steps)
    base = BaseAddress("https://adb-1.7.azuredatabricks.net", "adb-1", AddressScope.PUBLIC)
    http = HttpOptions(transport=transport, timer=VirtualTime().timer)
    client = PlatformClient(base, None, http=http)
    return DatabricksJobConnector(
        client, RunClient(client, lambda: NOON), JobDiscovery(client)
    ), transport


def sent(values: dict[str, Any], **settings: Any) -> dict[str, Any]:
    job = Job(
        name="j",
        platform="p",
        job_type=JobType.DATABRICKS_WORKFLOW,
        external_id="42",
        parameters=SCHEMA,
        settings=settings,
    )
    connector, transport = connect(Reply.json({"run_id": 1}))
    order = SubmitRequest(job=job, token="t1", run_name="n", parameters=values, begun_at=NOON)
    assert connector.submit(order).external_run_id == "1"
    return json.loads(transport.requests[0].body or "")


MAP = {"rows": "7", "key": "s3cret", "full_refresh": "true"}
LIST = ["7", "s3cret", "true"]


@pytest.mark.parametrize(
    ("settings", "field", "expected"),
    [
        ({}, "job_parameters", MAP),
        ({"sendParametersAs": "JobParameters"}, "job_parameters", MAP),
        ({"sendParametersAs": "NotebookParams"}, "notebook_params", MAP),
        ({"sendParametersAs": "PythonNamedParams"}, "python_named_params", MAP),
        ({"sendParametersAs": "SqlParams"}, "sql_params", MAP),
        ({"sendParametersAs": "JarParams"}, "jar_params", LIST),
        ({"sendParametersAs": "PythonParams"}, "python_params", LIST),
        ({"sendParametersAs": "SparkSubmitParams"}, "spark_submit_params", LIST),
        ({"sendParametersAs": "DbtCommands"}, "dbt_commands", LIST),
        ({"sendParametersAs": "PipelineParams"}, "pipeline_params", {"full_refresh": True}),
    ],
)
def test_parameters_are_sent_in_the_field_of_the_setting(
    settings: dict[str, Any], field: str, expected: Any
) -> None:
    body = sent(VALUES, **settings)

    assert body == {"job_id": 42, "idempotency_token": "t1", field: expected}


def test_a_run_without_parameters_leaves_the_job_its_defaults() -> None:
    assert sent({}) == {"job_id": 42, "idempotency_token": "t1"}


def test_too_long_task_parameters_are_refused_before_a_call() -> None:
    with pytest.raises(PlatformRefused, match="10,000 bytes") as caught:
        sent({"rows": 7, "key": Secret("x" * 10_000)}, sendParametersAs="NotebookParams")

    assert caught.value.cause is FailureCause.PARAMETERS


def described(*pages: dict[str, Any]) -> ArtefactSchema:
    connector, _ = connect(*(Reply.json(page) for page in pages))
    return connector.describe("42")


def test_parameters_come_from_the_job_and_from_its_notebooks_on_all_pages() -> None:
    notebook = {"notebook_task": {"base_parameters": {"own": "x", "day": "y"}}}
    schema = described(
        {
            "settings": {
                "parameters": [
                    {"name": "day", "default": "2026-01-01"},
                    {"name": "start", "default": "{{job.start_time}}"},
                ],
                "job_parameters": [{"name": "rows", "default_value": 7}],
                "tasks": [{"task_key": "a"}],
            },
            "next_page_token": "2",
        },
        {"settings": {"tasks": [notebook, {"notebook_task": {"base_parameters": None}}]}},
    )

    assert {each.name: (each.data_type, each.default) for each in schema.parameters} == {
        "day": (DataType.STRING, "2026-01-01"),
        "start": (DataType.STRING, None),
        "rows": (DataType.INT, 7),
        "own": (DataType.STRING, None),
    }
    assert "own is a parameter of a task only" in " ".join(schema.notes)
    assert "start has a default that Databricks computes" in " ".join(schema.notes)


@pytest.mark.parametrize("settings", [None, [], "x", {"parameters": "x"}, {"tasks": {}}])
def test_settings_of_another_shape_are_an_unexpected_answer(settings: Any) -> None:
    connector, _ = connect(Reply.json({"settings": settings}))
    with pytest.raises(Unavailable):
        connector.describe("42")
