"""Copies, parameters and reports of the jobs of a workspace."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure_ai_foundry.parameters import inputs_with
from polysync_core.platforms.azure_ai_foundry.states import report_of
from polysync_core.platforms.azure_ai_foundry.sweep_job import describe_space
from polysync_core.platforms.azure_ai_foundry.template_copy import copy_template, template_of
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait

PAGE = "https://ml.azure.com/runs/r"
STARTING, RUNNING = ProviderStatus.STARTING, ProviderStatus.RUNNING


def a_job(*parameters: Parameter) -> Job:
    return Job(
        name="score",
        platform="foundry",
        job_type=JobType.AI_FOUNDRY_PIPELINE_JOB,
        external_id="t",
        parameters=parameters,
    )


def report(*parameters: Parameter, **properties: JsonValue) -> Report:
    return report_of({"name": "r", "properties": properties}, a_job(*parameters), PAGE)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["NotStarted", "Starting", "Provisioning", "Preparing", "Queued"], STARTING),
        (["Running", "Finalizing", "CancelRequested", "cancel_requested", "Paused"], RUNNING),
        (["Completed", "completed"], ProviderStatus.SUCCESS),
        (["Failed", "FAILED"], ProviderStatus.FAILED),
        (["Canceled", "Cancelled", "cancelled"], ProviderStatus.CANCELLED),
        (["NotResponding", "Unknown", "Dreaming"], ProviderStatus.UNKNOWN),
    ],
)
def test_every_state_is_decoded_in_any_case(words: list[str], status: ProviderStatus) -> None:
    assert {report(status=word).status for word in words} == {status}
    assert report(status=words[0]).provider_state == words[0]


@pytest.mark.parametrize(
    ("words", "wait"),
    [
        (["Queued", "NotStarted", "not_started"], Wait.PLATFORM_QUEUE),
        (["Starting", "Provisioning", "PREPARING"], Wait.COMPUTE),
        (["Running", "Completed", "Failed", "Dreaming"], None),
    ],
)
def test_a_job_in_a_queue_differs_from_one_that_waits_for_compute(
    words: list[str], wait: Wait | None
) -> None:
    assert {report(status=word).wait for word in words} == {wait}


@pytest.mark.parametrize("word", [None, "", 7, "a\nb", "x" * 65])
def test_an_invalid_state_is_an_unexpected_answer(word: JsonValue) -> None:
    with pytest.raises(UnexpectedAnswer):
        report(status=word)


def test_an_ended_job_has_an_end_time() -> None:
    times: dict[str, JsonValue] = {
        "startTime": "2026-01-02T06:00:00.1234567Z",
        "endTime": "2026-01-02T06:05:00",
    }

    ended, going = report(status="Completed", **times), report(status="Running", **times)

    assert ended.finished_at == datetime(2026, 1, 2, 6, 5, tzinfo=UTC)
    assert ended.started_at is not None
    assert ended.started_at.tzinfo is not None
    assert going.finished_at is None
    assert report(status="Completed", startTime="soon", endTime=5).started_at is None


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"message": "out of\nmemory", "code": "UserError"}, "out of memory"),
        ({"code": "UserError"}, "first child job"),
        (None, "first child job"),
        ("broken", "first child job"),
    ],
)
def test_a_failed_job_has_a_reason_or_a_remedy(error: JsonValue, message: str) -> None:
    assert message in str(report(status="Failed", error=error).message)
    assert report(status="Running", error=error).message is None


def test_outputs_are_values_or_addresses_of_data() -> None:
    outputs: JsonObject = {
        "rows": {"jobOutputType": "uri_file", "uri": "azureml://a", "value": 0},
        "model": {"jobOutputType": "mlflow_model", "uri": "azureml://m"},
        "none": {"jobOutputType": "uri_file"},
        "odd": "text",
        "default": {"jobOutputType": "uri_folder", "uri": "azureml://logs"},
    }
    wanted = Parameter(name="default", direction=Direction.OUTPUT)

    assert report(status="Completed", outputs=outputs).outputs == {
        "rows": 0,
        "model": "azureml://m",
    }
    assert report(wanted, status="Completed", outputs=outputs).outputs["default"] == (
        "azureml://logs"
    )
    assert report(status="Running", outputs=outputs).outputs == {}


def test_a_copy_has_the_definition_of_its_template_without_data_of_its_run() -> None:
    template: JsonObject = {
        "jobType": "Pipeline",
        "jobs": {"a": {"componentId": "c"}},
        "settings": {"default_compute": "cpu"},
        "computeId": None,
        "tags": {"team": "sales"},
        "displayName": "Score",
        "status": "Completed",
        "services": {"Studio": {}},
        "properties": {"azureml.runsource": "x", "_azureml.ComputeTargetType": "y", "team": "z"},
        "sourceJobId": "/jobs/other",
        "isArchived": True,
        "endTime": "2026-01-01T00:00:00Z",
        "outputs": {
            "own": {"jobOutputType": "uri_file", "uri": "azureml://x/azureml/t-1/own/"},
            "logs": {"jobOutputType": "uri_folder", "uri": "azureml://x/ExperimentRun/dcid.t-1/"},
            "fixed": {"jobOutputType": "uri_file", "uri": "azureml://x/paths/t-10/", "value": "7"},
            "open": None,
            "model": {"jobOutputType": "mlflow_model", "assetName": "churn", "assetVersion": "3"},
        },
    }

    assert copy_template(template, "t-1", "run 7") == {
        "jobType": "Pipeline",
        "jobs": {"a": {"componentId": "c"}},
        "settings": {"default_compute": "cpu"},
        "tags": {"team": "sales", "polysync_template": "t-1"},
        "displayName": "run 7",
        "outputs": {
            "own": {"jobOutputType": "uri_file"},
            "logs": {"jobOutputType": "uri_folder"},
            "fixed": {"jobOutputType": "uri_file", "uri": "azureml://x/paths/t-10/"},
            "open": None,
            "model": {"jobOutputType": "mlflow_model", "assetName": "churn"},
        },
        "properties": {"team": "z"},
    }
    assert template_of({"properties": copy_template(template, "t-1", "run 7")}) == "t-1"
    assert template_of({"properties": template}) is None


@pytest.mark.parametrize(
    ("entry", "data_type"),
    [
        (["choice", [[16, 32]]], DataType.INT),
        (["choice", [[16, 0.5]]], DataType.FLOAT),
        (["choice", [["adam", "sgd"]]], DataType.STRING),
        (["choice", [[True, 1]]], DataType.STRING),
        ({"type": "choice", "values": [True, False]}, DataType.BOOL),
        (["randint", [10]], DataType.INT),
        (["uniform", [0.1, 0.9]], DataType.FLOAT),
        ("of no form", DataType.STRING),
        (["choice", [[]]], DataType.STRING),
    ],
)
def test_a_dimension_of_a_search_space_has_the_type_of_its_values(
    entry: Any, data_type: DataType
) -> None:
    (found,) = describe_space({"searchSpace": {"x": entry}}).parameters

    assert (found.name, found.data_type, found.default) == ("x", data_type, None)


def test_unusable_names_of_a_template_are_left_out_of_its_schema() -> None:
    found = describe_space({"searchSpace": {"": ["uniform", [0, 1]], "x" * 300: None}})

    assert found.parameters == ()
    assert len(found.notes) == 2


DATA: JsonObject = {
    "inputs": {
        "data": {"jobInputType": "uri_folder", "uri": "azureml://datastores/x/paths/2026-01-01"},
        "rows": {"jobInputType": "literal", "value": "1"},
    }
}


@pytest.mark.parametrize(
    "uri",
    [
        "azureml://datastores/x/paths/2026-01-02",
        "azureml:sales:3",
        "https://account.blob.core.windows.net/c/d",
        "abfss://c@account.dfs.core.windows.net/d",
    ],
)
def test_a_data_input_gets_another_uri_and_keeps_its_other_fields(uri: str) -> None:
    inputs = inputs_with(DATA, {"data": uri, "rows": "2"})

    assert inputs == {
        "data": {"jobInputType": "uri_folder", "uri": uri},
        "rows": {"jobInputType": "literal", "value": "2"},
    }
    assert inputs_with(DATA, {"rows": "1"}) == DATA["inputs"]


@pytest.mark.parametrize(
    "text", ["", "2026-01-02", "file:///etc/passwd", "azureml:", "https://a b"]
)
def test_a_text_that_is_no_uri_is_refused_for_a_data_input(text: str) -> None:
    with pytest.raises(PlatformRefused, match="data input and needs a URI") as caught:
        inputs_with(DATA, {"data": text})

    assert caught.value.cause is FailureCause.PARAMETERS
