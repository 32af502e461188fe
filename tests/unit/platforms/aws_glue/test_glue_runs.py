"""Submits, lost answers and Glue's own retries, with scripted answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Job, JobType, Parameter
from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import OutcomeUnknown, ProviderStatus, RunNotFound, Wait
from tests.unit.platforms.aws.job_stand import TOKEN, JobStand, refused

RUN_ID = "jr_1"
MISSING = refused("EntityNotFoundException")
JOB = Job(
    name="load",
    platform="glue",
    job_type=JobType.GLUE_JOB,
    external_id="load sales",
    parameters=(Parameter(name="rows", data_type=DataType.INT), Parameter(name="--day")),
)


class GlueStand(JobStand):
    """A connector of Glue with scripted answers."""

    def __init__(self, *steps: Any, **attributes: Any) -> None:
        super().__init__("AwsGlue", JOB, *steps, **attributes)


def run(state: str, **facts: Any) -> JsonObject:
    """Return the answer of GetJobRun."""
    return {"JobRun": {"Id": RUN_ID, "JobRunState": state, **facts}}


def listed(stand: GlueStand, *, own: bool = False, age: float = 0.0, **facts: Any) -> JsonObject:
    """Return a run in the list, which started `age` seconds ago."""
    arguments = {"--polysync-attempt": TOKEN} if own else {}
    started = (stand.time.now() - timedelta(seconds=age)).timestamp()
    return {
        "Id": "jr_own" if own else "jr_other",
        "JobRunState": "RUNNING",
        "StartedOn": started,
        "Arguments": arguments,
        **facts,
    }


def test_values_are_arguments_with_the_token_of_the_attempt() -> None:
    stand = GlueStand({"JobRunId": RUN_ID})

    submitted = stand.job.submit(stand.order(parameters={"rows": 8, "--day": "mo"}))

    assert stand.body() == {
        "JobName": "load sales",
        "Arguments": {"--rows": "8", "--day": "mo", "--polysync-attempt": TOKEN},
    }
    assert submitted.monitor_url == (
        "https://eu-west-1.console.aws.amazon.com/gluestudio/home?region=eu-west-1"
        "#/job/load%20sales/run/jr_1"
    )


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({}, {"WorkerType": "G.1X", "NumberOfWorkers": 2, "Timeout": 30}),
        ({"workerType": "G.2X"}, {"WorkerType": "G.2X", "NumberOfWorkers": 2, "Timeout": 30}),
        ({"numberOfWorkers": 9}, {"WorkerType": "G.1X", "NumberOfWorkers": 9, "Timeout": 30}),
        ({"maxCapacity": 0.0625}, {"MaxCapacity": 0.0625, "Timeout": 30}),
        (
            {"timeoutMinutes": 5, "executionClass": "FLEX", "queueRuns": False},
            {
                "WorkerType": "G.1X",
                "NumberOfWorkers": 2,
                "Timeout": 5,
                "ExecutionClass": "FLEX",
                "JobRunQueuingEnabled": False,
            },
        ),
    ],
)
def test_a_setting_of_the_job_precedes_the_default_of_the_platform(
    settings: dict[str, Any], sent: dict[str, Any]
) -> None:
    defaults = {"workerType": "G.1X", "numberOfWorkers": 2, "timeoutMinutes": 30}
    stand = GlueStand({"JobRunId": RUN_ID}, **defaults)

    stand.job.submit(stand.order(job=JOB.model_copy(update={"settings": settings})))

    body = stand.body()
    assert {name: body[name] for name in body if name not in {"JobName", "Arguments"}} == sent


@pytest.mark.parametrize(
    "code", ["ConcurrentRunsExceededException", "ResourceNumberLimitExceededException"]
)
def test_a_limit_is_tried_again_later(code: str) -> None:
    stand = GlueStand(refused(code))

    with pytest.raises(Unavailable, match="maximum number of concurrent runs"):
        stand.job.submit(stand.order())
    assert stand.sent() == ["StartJobRun"]


def test_refused_arguments_name_the_remedy() -> None:
    stand = GlueStand(refused("InvalidInputException", "bad worker"))

    with pytest.raises(PlatformRefused, match="check workerType") as caught:
        stand.job.submit(stand.order())
    assert caught.value.platform_message == "bad worker"


def test_the_oldest_run_with_the_token_is_adopted_in_any_order() -> None:
    stand = GlueStand()
    runs = [
        listed(stand, own=True, Id="jr_1_attempt_1", age=10),
        listed(stand, own=True, Id="jr_2", age=20),
        listed(stand),
        listed(stand, own=True, Id="jr_1", age=30),
    ]
    stand = GlueStand({"JobRuns": runs[:2], "NextToken": "2"}, {"JobRuns": runs[2:]})

    submitted = stand.job.submit(stand.order(is_resend=True))

    assert submitted.external_run_id == "jr_1"
    assert stand.sent() == ["GetJobRuns", "GetJobRuns"]


def test_a_missing_run_proves_nothing_until_the_list_is_complete() -> None:
    stand = GlueStand({"JobRuns": []}, {"JobRuns": []}, {"JobRunId": RUN_ID})
    order = stand.order(is_resend=True)
    with pytest.raises(Uncertain):
        stand.job.submit(order)

    stand.time.sleep(300)

    assert stand.job.submit(order).external_run_id == RUN_ID
    assert stand.sent() == ["GetJobRuns", "GetJobRuns", "StartJobRun"]


def test_the_search_ends_at_older_runs_of_a_sorted_list() -> None:
    stand = GlueStand()
    older = [listed(stand, age=3600 + number) for number in range(200)]
    stand = GlueStand({"JobRuns": older, "NextToken": "200"}, {"JobRunId": RUN_ID})
    order = stand.order(is_resend=True)
    stand.time.sleep(300)

    stand.job.submit(order)

    assert stand.sent() == ["GetJobRuns", "StartJobRun"]


@pytest.mark.parametrize("resubmit", ["Never", "WhenIdempotent"])
def test_a_long_list_without_order_is_searched_only_in_part(resubmit: str) -> None:
    stand = GlueStand()
    page = [listed(stand, age=3600 - number) for number in range(200)]
    pages = [{"JobRuns": page, "NextToken": str(number)} for number in range(11)]
    stand = GlueStand(*pages, {"JobRunId": RUN_ID})
    job = JOB.model_copy(update={"settings": {"resubmit": resubmit}})
    order = stand.order(is_resend=True, job=job)
    stand.time.sleep(300)

    if resubmit == "Never":
        with pytest.raises(OutcomeUnknown, match="Check the runs"):
            stand.job.submit(order)
    else:
        assert stand.job.submit(order).external_run_id == RUN_ID
    assert stand.sent().count("GetJobRuns") == 11


def test_a_poll_of_a_running_or_successful_run_is_one_call() -> None:
    for state in ("WAITING", "STARTING", "RUNNING", "STOPPING", "SUCCEEDED", "STOPPED", "TIMEOUT"):
        stand = GlueStand(run(state))
        stand.job.read(JOB, RUN_ID)
        assert stand.sent() == ["GetJobRun"]


def failed(stand: GlueStand, age: float = 0.0) -> Any:
    ended = (stand.time.now() - timedelta(seconds=age)).timestamp()
    return run("FAILED", CompletedOn=ended, ErrorMessage="no sales")


def test_a_failed_run_waits_for_its_retry_only_for_some_minutes() -> None:
    stand = GlueStand()
    answers = [failed(stand), {"Job": {"MaxRetries": 1}}, MISSING]
    stand = GlueStand(*answers, *answers)

    waiting = stand.job.read(JOB, RUN_ID)
    stand.time.sleep(200)
    final = stand.job.read(JOB, RUN_ID)

    assert (waiting.status, waiting.wait) == (ProviderStatus.RUNNING, Wait.RETRY)
    assert (final.status, final.wait, final.message) == (ProviderStatus.FAILED, None, "no sales")
    assert stand.body(2)["RunId"] == f"{RUN_ID}_attempt_1"


def test_a_retried_run_began_with_its_first_try() -> None:
    stand = GlueStand()
    retry = run("RUNNING", Id=f"{RUN_ID}_attempt_1", StartedOn=stand.time.now().timestamp())
    first = failed(stand, age=5)
    first["JobRun"]["StartedOn"] = (stand.time.now() - timedelta(seconds=60)).timestamp()
    stand = GlueStand(first, {"Job": {"MaxRetries": 3}}, retry)

    report = stand.job.read(JOB, RUN_ID)

    assert report.status is ProviderStatus.RUNNING
    assert report.started_at == stand.time.now() - timedelta(seconds=60)
    assert str(report.monitor_url).endswith("jr_1_attempt_1")


@pytest.mark.parametrize("answer", [{"Job": {}}, {"Job": {"MaxRetries": 0}}, MISSING])
def test_a_failed_run_without_retries_has_failed_at_once(answer: Any) -> None:
    stand = GlueStand()
    stand = GlueStand(failed(stand), answer)

    assert stand.job.read(JOB, RUN_ID).status is ProviderStatus.FAILED
    assert stand.sent() == ["GetJobRun", "GetJob"]


@pytest.mark.parametrize("code", ["EntityNotFoundException", "InvalidInputException"])
def test_a_refused_id_is_a_missing_run(code: str) -> None:
    with pytest.raises(RunNotFound):
        GlueStand(refused(code)).job.read(JOB, RUN_ID)


def test_a_stop_before_the_retry_is_tried_again() -> None:
    ended = {"Errors": [{"ErrorDetail": {"ErrorCode": "InvalidInputException"}}]}
    stand = GlueStand()
    stand = GlueStand(ended, failed(stand), {"Job": {"MaxRetries": 1}}, MISSING)

    with pytest.raises(Unavailable, match="at this moment"):
        stand.job.cancel(JOB, RUN_ID)


@pytest.mark.parametrize(
    ("state", "status", "cause"),
    [
        ("TIMEOUT", ProviderStatus.FAILED, FailureCause.TIMEOUT),
        ("EXPIRED", ProviderStatus.FAILED, FailureCause.CONTENTION_REJECTED),
        ("STOPPED", ProviderStatus.CANCELLED, None),
        ("DREAMING", ProviderStatus.UNKNOWN, None),
    ],
)
def test_each_state_has_its_status_and_cause(
    state: str, status: ProviderStatus, cause: FailureCause | None
) -> None:
    report = GlueStand(run(state, CompletedOn=1893456000.5)).job.read(JOB, RUN_ID)

    assert (report.status, report.cause) == (status, cause)
    assert (report.finished_at is not None) is status.is_final
    assert (report.message is not None) is (status is ProviderStatus.FAILED)
