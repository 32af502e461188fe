"""Tests of the OpenLineage events of runs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from referencing import Registry, Resource

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.events import events_of
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.outputs import Outputs
from polysync_core.domain.runs.run import (
    Origin,
    RunStatus,
    TaskRun,
    back_off,
    begin_attempt,
    finish,
    new_run,
)
from polysync_core.outbound.lineage.events import event_of, lineage_id
from tests.fakes.builders import NOON, a_run, run_id

JOB: dict[str, Any] = {
    "name": "sales-load",
    "platform": "lakehouse",
    "jobType": "DatabricksNotebook",
    "externalId": "/etl/sales",
    "description": "Loads the sales.",
    "parameters": [
        {"name": "run_date", "dataType": "String"},
        {"name": "token", "dataType": "Secret"},
        {"name": "other"},
    ],
    "inputs": [
        {"namespace": "abfss://landing@lake", "name": "sales/${parameters.run_date}"},
        {"namespace": "abfss://landing@lake", "name": "left-out/${parameters.other}"},
    ],
    "outputs": [{"namespace": "databricks://adb", "name": "main.sales.orders"}],
}
ENDS = [
    Outcome(status=RunStatus.SUCCEEDED, reason="ok"),
    Outcome(
        status=RunStatus.FAILED,
        reason="It failed.",
        cause=FailureCause.ARTEFACT,
        error="Table \x1b[1msales\x1b[0m is locked.",
        monitor_url="https://adb.example.net/run/1",
    ),
    Outcome(status=RunStatus.CANCELLED, reason="A person cancelled it."),
]


def a_lineage_run(**changes: Any) -> TaskRun:
    fields = {
        "job": read_definition(Kind.JOB, JOB),
        "parameters": {
            "run_date": "${run.scheduledTime:%Y-%m-%d}",
            "token": "vault://keys/canary",
        },
        "tags": {"team": "sales"},
        "schedule": "daily",
        "scheduled_time": datetime.fromisoformat("2026-02-28T06:00:00+00:00"),
        "graph_run_id": run_id("root"),
        "origins": (Origin(run_id=run_id("root"), task="landing-check"),),
    }
    return new_run(a_run(**{**fields, **changes}), actor="api")


def ended(outcome: Outcome, run: TaskRun) -> TaskRun:
    return finish(begin_attempt(run, at=NOON, actor="p"), outcome, at=NOON, actor="p")


def lineage_of(run: TaskRun, *, namespace: str = "polysync") -> list[Any]:
    """Return the events of the starts and the ends of a run."""
    wanted = [each.as_json() for each in events_of(run, after=1)]
    return [
        json.loads(event_of(each, run, namespace=namespace))
        for each in wanted
        if each["to"] != "Queued"
    ]


@pytest.mark.parametrize(
    ("outcome", "event_type"), [*zip(ENDS, ["COMPLETE", "FAIL", "ABORT"], strict=True)]
)
def test_a_run_has_a_start_and_an_end_with_one_id(outcome: Outcome, event_type: str) -> None:
    start, end = lineage_of(ended(outcome, a_lineage_run()))
    assert (start["eventType"], end["eventType"]) == ("START", event_type)
    assert start["run"]["runId"] == end["run"]["runId"] == str(UUID(lineage_id(run_id())))
    assert start["job"]["namespace"] == "polysync"
    assert start["job"]["name"] == "sales-load-daily"


def test_a_further_attempt_is_no_second_start() -> None:
    run = begin_attempt(a_lineage_run(), at=NOON, actor="p")
    run = back_off(run, ENDS[1], at=NOON, until=NOON, actor="p")
    start, again = lineage_of(begin_attempt(run, at=NOON, actor="p"))
    assert (start["eventType"], again["eventType"]) == ("START", "RUNNING")


def test_an_event_has_the_facts_of_the_run() -> None:
    _, event = lineage_of(ended(ENDS[1], a_lineage_run()))
    facets = event["run"]["facets"]
    assert facets["parent"]["run"]["runId"] == lineage_id(run_id("root"))
    assert facets["parent"]["job"] == {
        "namespace": "polysync",
        "name": "landing-check",
        "facets": {},
    }
    assert facets["nominalTime"]["nominalStartTime"] == "2026-02-28T06:00:00.000Z"
    assert facets["errorMessage"]["message"] == "Table sales is locked."
    tags = {each["key"]: each["value"] for each in facets["tags"]["tags"]}
    assert tags["team"] == "sales"
    assert tags["polysync.schedule"] == "daily"
    assert tags["polysync.cause"] == "Artefact"
    assert event["job"]["facets"]["jobType"]["jobType"] == "DatabricksNotebook"
    assert event["job"]["facets"]["documentation"]["description"] == "Loads the sales."


def test_a_root_run_has_no_parent() -> None:
    root = a_lineage_run(graph_run_id=run_id(), origins=())
    start, _ = lineage_of(ended(ENDS[0], root))
    assert "parent" not in start["run"]["facets"]


def test_parameters_are_resolved_and_no_secret_is_sent() -> None:
    start, end = lineage_of(ended(ENDS[0], a_lineage_run()))
    parameters = start["run"]["facets"]["executionParameters"]["parameters"]
    assert [(each["key"], each["value"]) for each in parameters] == [("run_date", "2026-02-28")]
    assert "canary" not in json.dumps([start, end])


def test_a_literal_value_of_a_secret_parameter_is_not_sent() -> None:
    run = a_lineage_run(parameters={"token": "canary"})
    assert "canary" not in json.dumps(lineage_of(ended(ENDS[0], run)))


def test_data_sets_have_the_values_of_the_run() -> None:
    start, _ = lineage_of(ended(ENDS[0], a_lineage_run()))
    assert [(each["namespace"], each["name"]) for each in start["inputs"]] == [
        ("abfss://landing@lake", "sales/2026-02-28")
    ]
    assert [each["name"] for each in start["outputs"]] == ["main.sales.orders"]


def test_outputs_that_are_addresses_of_stores_are_data_sets_too() -> None:
    outputs = {"rows": 5, "path": "s3://lake/sales/2026-02-28?sig=canary"}
    done = Outcome(status=RunStatus.SUCCEEDED, reason="ok", outputs=Outputs(values=outputs))
    start, end = lineage_of(ended(done, a_lineage_run()))
    assert len(start["outputs"]) == 1
    assert [(each["namespace"], each["name"]) for each in end["outputs"]] == [
        ("databricks://adb", "main.sales.orders"),
        ("s3://lake", "sales/2026-02-28"),
    ]
    assert "canary" not in json.dumps(end)


def test_a_job_run_has_the_name_of_the_job() -> None:
    run = a_lineage_run(task=None)
    start, _ = lineage_of(ended(ENDS[0], run), namespace="prod")
    assert start["job"]["name"] == "sales-load"
    assert start["job"]["namespace"] == "prod"


SPECIFICATION = Path(__file__).with_name("specification")


@pytest.mark.parametrize("outcome", ENDS)
def test_every_event_obeys_the_schemas_of_the_specification(outcome: Outcome) -> None:
    schemas = [json.loads(file.read_text()) for file in sorted(SPECIFICATION.rglob("*.json"))]
    registry: Any = Registry().with_resources(
        (each["$id"], Resource.from_contents(each)) for each in schemas
    )
    whole = next(each for each in schemas if each["$id"].endswith("/OpenLineage.json"))
    facets = {
        name: {"$ref": f"{each['$id']}#/properties/{name}"}
        for each in schemas
        for name in each.get("properties", {})
        if "/facets/" in each["$id"]
    }
    for run in (a_lineage_run(), replace(a_lineage_run(), task=None)):
        for event in lineage_of(ended(outcome, run)):
            jsonschema.Draft202012Validator(
                {"$ref": f"{whole['$id']}#/$defs/RunEvent"},
                registry=registry,
                format_checker=jsonschema.FormatChecker(),
            ).validate(event)
            for name, facet in {**event["run"]["facets"], **event["job"]["facets"]}.items():
                jsonschema.Draft202012Validator(facets[name], registry=registry).validate(facet)
