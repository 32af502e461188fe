"""States, outputs, failure details and lists of the jobs of Vertex AI."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Direction, JobType, Parameter
from polysync_core.platforms.connector import ProviderStatus, Wait
from polysync_core.platforms.google_vertex_ai.states import JOB_STATES, PIPELINE_STATES
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply
from tests.unit.platforms.google.stand import Stand
from tests.unit.platforms.google_vertex_ai.test_copies import (
    BATCH,
    CUSTOM,
    PIPELINE,
    REGION,
    template,
)

OUTPUT = Direction.OUTPUT


def a_run(**facts: Any) -> dict[str, Any]:
    return {"name": f"{REGION}/x/18", **facts}


@pytest.mark.parametrize(
    ("word", "status", "wait"),
    [
        ("QUEUED", ProviderStatus.STARTING, Wait.PLATFORM_QUEUE),
        ("PENDING", ProviderStatus.STARTING, Wait.COMPUTE),
        ("RUNNING", ProviderStatus.RUNNING, None),
        ("CANCELLING", ProviderStatus.RUNNING, None),
        ("PAUSED", ProviderStatus.RUNNING, None),
        ("CANCELLED", ProviderStatus.CANCELLED, None),
        ("DREAMING", ProviderStatus.UNKNOWN, None),
        ("UNSPECIFIED", ProviderStatus.UNKNOWN, None),
    ],
)
@pytest.mark.parametrize(("job_type", "prefix"), [(PIPELINE, "PIPELINE"), (CUSTOM, "JOB")])
def test_the_words_of_both_kinds_are_decoded(
    job_type: JobType, prefix: str, word: str, status: ProviderStatus, wait: Wait | None
) -> None:
    stand = Stand(job_type, a_run(state=f"{prefix}_STATE_{word}"))

    report = stand.job.read(stand.definition, "18")

    assert (report.status, report.wait) == (status, wait)
    assert report.provider_state == f"{prefix}_STATE_{word}"


@pytest.mark.parametrize(
    ("word", "message"),
    [("EXPIRED", "time limit"), ("PARTIALLY_SUCCEEDED", "incomplete"), ("FAILED", "its logs")],
)
def test_a_failure_without_a_message_has_a_reason(word: str, message: str) -> None:
    stand = Stand(BATCH, a_run(state=f"JOB_STATE_{word}"))

    report = stand.job.read(stand.definition, "18")

    assert report.status is ProviderStatus.FAILED
    assert message in str(report.message)


def test_the_plugin_shows_the_words_of_each_job_type() -> None:
    jobs = platform_plugin("GoogleVertexAI").jobs
    assert jobs[PIPELINE].states == PIPELINE_STATES
    assert jobs[CUSTOM].states == jobs[BATCH].states == JOB_STATES
    assert len(JOB_STATES) == len(PIPELINE_STATES) + 3


def a_task(number: int, name: str, parent: int | None = 1, **facts: Any) -> dict[str, Any]:
    above = {} if parent is None else {"parentTaskId": str(parent)}
    return {"taskId": str(number), "taskName": name, "state": "SUCCEEDED", **above, **facts}


def results(**values: Any) -> dict[str, Any]:
    return {"metadata": {f"output:{name}": value for name, value in values.items()}}


def test_outputs_of_a_pipeline_come_from_its_tasks_parameters_and_artefacts() -> None:
    artefact = {"artifacts": [{"uri": "gs://b/model"}]}
    tasks = [
        a_task(1, "score", None),
        a_task(2, "train", execution=results(rows=7.0, score="0.5"), outputs={"model": artefact}),
        a_task(3, "left", state="NOT_TRIGGERED"),
        a_task(4, "right", execution=results(out="r")),
        a_task(5, "train", 3, execution=results(rows=99)),
    ]
    selectors = [
        {"producerSubtask": name, "outputParameterKey": "out"} for name in ("left", "right")
    ]
    sources = {
        "rows": {"valueFromParameter": {"producerSubtask": "train", "outputParameterKey": "rows"}},
        "side": {"valueFromOneof": {"parameterSelectors": selectors}},
        "gone": {"valueFromParameter": {"producerSubtask": "none", "outputParameterKey": "x"}},
    }
    chosen = {"artifactSelectors": [{"producerSubtask": "train", "outputArtifactKey": "model"}]}
    spec = {
        "root": {
            "outputDefinitions": {"parameters": {"rows": {"parameterType": "NUMBER_INTEGER"}}},
            "dag": {"outputs": {"parameters": sources, "artifacts": {"model": chosen}}},
        }
    }
    run = a_run(
        state="PIPELINE_STATE_SUCCEEDED",
        pipelineSpec=spec,
        jobDetail={"taskDetails": tasks},
        runtimeConfig={"parameterValues": {"day": "monday", "hidden": "x"}},
    )
    stand = Stand(PIPELINE, run)
    names = [("day", Direction.INPUT_OUTPUT), ("train.score", OUTPUT), ("never", OUTPUT)]
    names.append(("hidden", Direction.INPUT))
    parameters = tuple(Parameter(name=name, direction=each) for name, each in names)

    report = stand.job.read(stand.definition.model_copy(update={"parameters": parameters}), "18")

    assert dict(report.outputs) == {
        "day": "monday",
        "train.score": "0.5",
        "rows": 7,
        "side": "r",
        "model": "gs://b/model",
    }
    assert isinstance(report.outputs["rows"], int)


def test_outputs_of_a_batch_prediction_are_its_place_and_numbers() -> None:
    run = a_run(
        state="JOB_STATE_SUCCEEDED",
        outputInfo={"bigqueryOutputDataset": "bq://p.d", "bigqueryOutputTable": "t"},
        completionStats={"successfulCount": "7", "failedCount": -1, "incompleteCount": "x"},
    )
    stand = Stand(BATCH, run)

    assert dict(stand.job.read(stand.definition, "18").outputs) == {
        "bigqueryOutputDataset": "bq://p.d",
        "bigqueryOutputTable": "t",
        "successfulCount": 7,
    }


def test_a_run_that_is_too_large_has_its_state_without_outputs() -> None:
    stand = Stand(
        PIPELINE, Reply(200, b" " * (10 * 1024 * 1024 + 1)), a_run(state="PIPELINE_STATE_SUCCEEDED")
    )

    report = stand.job.read(stand.definition, "18")

    assert (report.status, dict(report.outputs)) == (ProviderStatus.SUCCESS, {})
    assert "cannot be read completely" in str(report.outputs_missing)
    assert stand.sent()[1].partition("?")[2] == "fields=name%2Cstate%2Cerror%2CstartTime%2CendTime"


def test_only_the_innermost_failed_tasks_are_named() -> None:
    error = {"code": 9, "message": "no sales"}
    tasks = [
        a_task(1, "score", None, state="FAILED", error={"message": "The DAG failed"}),
        a_task(2, "loop", state="FAILED", error={"message": "The DAG failed"}),
        a_task(3, "read", 2, state="FAILED", error=error),
        a_task(4, "late", state="CANCELLED", error={"message": "stopped"}),
    ]
    stand = Stand(PIPELINE, a_run(state="x", jobDetail={"taskDetails": tasks}, error=error))

    found = stand.job.failure_details(stand.definition, "18").parts

    assert [(each.part, each.error) for each in found] == [("read", "no sales (code 9)")]


@pytest.mark.parametrize("job_type", [PIPELINE, CUSTOM, BATCH])
def test_a_failure_without_tasks_has_the_error_of_the_job(job_type: JobType) -> None:
    stand = Stand(job_type, a_run(state="x", error={"code": 3, "message": "no image"}))

    found = stand.job.failure_details(stand.definition, "18").parts

    assert [(each.part, each.error) for each in found] == [("", "no image (code 3)")]


def test_partial_failures_are_details() -> None:
    partial = [{"code": 5, "message": "no file"}, {}, "x"]
    stand = Stand(BATCH, a_run(state="x", partialFailures=partial))

    found = stand.job.failure_details(stand.definition, "18").parts

    assert [each.error for each in found] == ["no file (code 5)"]


def test_copies_and_jobs_of_pipelines_are_no_templates() -> None:
    jobs = [
        a_run(displayName="Train"),
        {"name": f"{REGION}/customJobs/19", "labels": {"polysync_template": "18"}},
        {"name": f"{REGION}/customJobs/20", "labels": {"vertex-ai-pipelines-run-billing-id": "1"}},
        {"labels": {}},
    ]
    stand = Stand(CUSTOM, {"customJobs": jobs})

    found = list(stand.connector.artefacts(job_type=CUSTOM))

    assert [(each.external_id.rpartition("/")[2], each.is_skipped) for each in found] == [
        ("18", False),
        ("20", True),
    ]
    assert found[0].external_id == "projects/acme-data-1/locations/europe-west3/customJobs/18"
    assert "run the pipeline" in str(found[1].problem)
    assert stand.sent() == ["GET customJobs?pageSize=100&readMask=name%2CdisplayName%2Clabels"]


def test_a_pipeline_declares_its_parameters_and_outputs() -> None:
    root = {
        "inputDefinitions": {
            "parameters": {
                "rows": {"parameterType": "NUMBER_INTEGER", "defaultValue": 3.0},
                "mode": {"parameterType": "STRING", "literals": ["a", "b"], "description": "Mode."},
                "day": {"parameterType": "STRING"},
                "shape": {"parameterType": "STRUCT", "isOptional": True},
                "api_token": {"parameterType": "STRING", "defaultValue": "canary"},
                "\u202e": {"parameterType": "STRING"},
            },
            "artifacts": {"data": {}},
        },
        "outputDefinitions": {
            "parameters": {"rows": {"parameterType": "NUMBER_INTEGER"}},
            "artifacts": {"model": {}},
        },
    }
    body = {
        "pipelineSpec": {"root": root},
        "runtimeConfig": {"parameterValues": {"day": "monday"}},
    }
    stand = Stand(PIPELINE, template("pipelineJobs", body))

    schema = stand.job.describe("17")

    assert list(schema.parameters) == [
        Parameter(name="rows", data_type=DataType.INT, default=3, direction=Direction.INPUT_OUTPUT),
        Parameter(name="mode", description="Mode. One of: a, b.", required=True),
        Parameter(name="day", default="monday"),
        Parameter(name="shape", data_type=DataType.JSON),
        Parameter(name="api_token"),
        Parameter(name="model", direction=OUTPUT, description="The address of the artefact."),
    ]
    assert (schema.typed, schema.is_complete) == (True, False)
    assert any("data is an artefact input" in note for note in schema.notes)


def test_a_variable_with_the_name_of_a_secret_has_no_default() -> None:
    env = [{"name": "API_KEY", "value": "canary"}, {"name": "RATE", "value": "1"}]
    pool = {"containerSpec": {"imageUri": "x", "env": [*env, {"name": "a-b", "value": "1"}]}}
    stand = Stand(CUSTOM, template("customJobs", {"jobSpec": {"workerPoolSpecs": [pool]}}))

    schema = stand.job.describe("17")

    assert list(schema.parameters) == [
        Parameter(name="API_KEY"),
        Parameter(name="RATE", default="1"),
    ]
    assert not schema.is_complete
