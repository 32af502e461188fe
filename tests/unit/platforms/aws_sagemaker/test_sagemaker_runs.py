"""Starts, repairs and stops of pipeline executions, with scripted answers."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Job, JobType, Parameter
from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ArtefactNotFound, RunNotFound
from tests.unit.platforms.aws.job_stand import TOKEN, JobStand, refused

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/load/execution/abc123"
ROLE = "arn:aws:iam::123456789012:role/pipelines"
JOB = Job(
    name="load",
    platform="sagemaker",
    job_type=JobType.SAGEMAKER_PIPELINE,
    external_id="Load",
    parameters=(Parameter(name="rows", data_type=DataType.INT), Parameter(name="dry-run")),
)
STARTED = {"PipelineExecutionArn": ARN}


class PipelineStand(JobStand):
    """A connector of SageMaker with scripted answers."""

    def __init__(self, *steps: Any, **attributes: Any) -> None:
        super().__init__("AwsSageMaker", JOB, *steps, **attributes)


def state(word: str) -> dict[str, Any]:
    return {**STARTED, "PipelineExecutionStatus": word}


def test_a_start_has_texts_a_token_and_the_role_of_the_platform() -> None:
    stand = PipelineStand(STARTED, pipelineExecutionRoleArn=ROLE)
    settings = {"maxParallelExecutionSteps": 3, "executionDisplayName": "nightly"}
    job = JOB.model_copy(update={"settings": settings})

    submitted = stand.job.submit(stand.order(job=job, parameters={"rows": 8, "dry-run": "no"}))

    assert submitted.external_run_id == ARN
    assert stand.body() == {
        "PipelineName": "Load",
        "PipelineParameters": [{"Name": "rows", "Value": "8"}, {"Name": "dry-run", "Value": "no"}],
        "ParallelismConfiguration": {"MaxParallelExecutionSteps": 3},
        "PipelineExecutionDisplayName": "nightly",
        "RoleArn": ROLE,
        "ClientRequestToken": f"polysync-{TOKEN}",
    }


@pytest.mark.parametrize("code", ["ResourceLimitExceeded", "ConflictException"])
def test_a_limit_and_a_conflict_are_tried_again_later(code: str) -> None:
    stand = PipelineStand(refused(code))

    with pytest.raises(Unavailable):
        stand.job.submit(stand.order())


def test_a_missing_pipeline_is_an_artefact_that_is_not_found() -> None:
    stand = PipelineStand(refused("ResourceNotFound"))

    with pytest.raises(ArtefactNotFound, match="no pipeline has this name"):
        stand.job.submit(stand.order())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Parameter [rows] must be an Integer", "the parameters rows or"),
        ("Unknown parameters: dry-run, rows", "the parameters dry-run, rows or"),
        ("Pipeline execution name is invalid", "the parameters or"),
        ("rows2 and dry-run-2 are unknown", "the parameters or"),
    ],
)
def test_a_refusal_names_only_parameters_of_the_job(text: str, named: str) -> None:
    stand = PipelineStand(refused("ValidationException", text))

    with pytest.raises(PlatformRefused, match=named) as caught:
        stand.job.submit(stand.order(parameters={"rows": 1, "dry-run": "x"}))
    assert caught.value.cause is FailureCause.PARAMETERS


@pytest.mark.parametrize(
    "answer", [{}, {"PipelineExecutionArn": "x"}, {**STARTED, "PipelineExecutionArn": f"{ARN}#a"}]
)
def test_an_answer_without_an_arn_leaves_the_start_open(answer: Any) -> None:
    stand = PipelineStand(answer)

    with pytest.raises(Uncertain):
        stand.job.submit(stand.order())


def test_a_repair_is_sent_once_for_each_token() -> None:
    stand = PipelineStand(state("Failed"), STARTED, STARTED)
    order = stand.order(repairs=ARN)

    repaired = stand.job.submit(order)
    resent = stand.job.submit(stand.order(repairs=ARN, is_resend=True))

    assert repaired == resent
    assert repaired.external_run_id == f"{ARN}#{TOKEN}"
    assert stand.sent() == [
        "DescribePipelineExecution",
        "RetryPipelineExecution",
        "RetryPipelineExecution",
    ]
    assert stand.body(1) == stand.body(2)


@pytest.mark.parametrize(
    ("word", "message"), [("Executing", "is active"), ("Succeeded", "has succeeded")]
)
def test_an_active_and_a_successful_execution_are_not_repaired(word: str, message: str) -> None:
    stand = PipelineStand(state(word))

    with pytest.raises(PlatformRefused, match=message):
        stand.job.submit(stand.order(repairs=ARN))
    assert stand.sent() == ["DescribePipelineExecution"]


def test_an_execution_that_is_too_old_is_not_repaired() -> None:
    stand = PipelineStand(state("Failed"), refused("ValidationException"))

    with pytest.raises(PlatformRefused, match="start a new run"):
        stand.job.submit(stand.order(repairs=ARN))


def test_each_repair_has_a_stop_of_its_own() -> None:
    stand = PipelineStand(STARTED)
    for run_id in (ARN, ARN, f"{ARN}#one", f"{ARN}#two"):
        stand.job.cancel(JOB, run_id)

    tokens = [stand.body(number)["ClientRequestToken"] for number in range(4)]
    assert tokens[0] == tokens[1]
    assert len({*tokens}) == 3
    assert {stand.body(number)["PipelineExecutionArn"] for number in range(4)} == {ARN}


def test_a_refused_stop_of_an_active_execution_is_an_error() -> None:
    stand = PipelineStand(refused("ConflictException"), state("Executing"))

    with pytest.raises(PlatformRefused):
        stand.job.cancel(JOB, ARN)


def test_a_missing_execution_is_not_found() -> None:
    for act in (
        lambda job: job.read(JOB, ARN),
        lambda job: job.cancel(JOB, ARN),
        lambda job: job.failure_details(JOB, ARN),
    ):
        with pytest.raises(RunNotFound):
            act(PipelineStand(refused("ResourceNotFound")).job)


def test_only_failed_steps_are_failure_details() -> None:
    steps = [
        {"StepName": "Train", "StepStatus": "Succeeded"},
        {"StepName": "Check", "StepStatus": "Failed", "FailureReason": "no sales"},
        {"StepName": "Load", "StepStatus": "Failed"},
        {"StepName": "Wait", "StepStatus": "Stopped"},
    ]
    stand = PipelineStand(
        {"PipelineExecutionSteps": steps[:2], "NextToken": "n"},
        {"PipelineExecutionSteps": steps[2:]},
    )

    parts = stand.job.failure_details(JOB, f"{ARN}#repair").parts

    assert [(each.part, each.error) for each in parts] == [("Check", "no sales"), ("Load", "")]
    assert stand.body(1)["NextToken"] == "n"
