"""Runs of Fabric items: states, outputs, failures, cancellations and lists."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Direction, Job, JobType, Parameter
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ProviderStatus, RunNotFound, Wait
from tests.fakes.http import Reply
from tests.unit.platforms.microsoft_fabric.stand import (
    HOST,
    INSTANCES,
    ITEM,
    NOTEBOOK,
    RUN,
    WORKSPACE,
    Stand,
    a_job,
    instance,
)

OTHER = "c0c99aed-be56-4fe0-a6e5-6de5fe277f16"
PIPELINE = a_job(JobType.FABRIC_PIPELINE, Parameter(name="rows", direction=Direction.OUTPUT))
QUERY = f"POST datapipelines/pipelineruns/{RUN}/queryactivityruns"


@pytest.mark.parametrize(
    ("word", "status", "wait"),
    [
        ("NotStarted", ProviderStatus.STARTING, Wait.PLATFORM_QUEUE),
        ("notStarted", ProviderStatus.STARTING, Wait.PLATFORM_QUEUE),
        ("InProgress", ProviderStatus.RUNNING, None),
        ("inprogress", ProviderStatus.RUNNING, None),
        ("Dehydrated", ProviderStatus.RUNNING, None),
        ("Completed", ProviderStatus.SUCCESS, None),
        ("Failed", ProviderStatus.FAILED, None),
        ("Cancelled", ProviderStatus.CANCELLED, None),
        ("OwnerUserMissing", ProviderStatus.UNKNOWN, None),
    ],
)
def test_each_word_has_its_status(word: str, status: ProviderStatus, wait: Wait | None) -> None:
    report = Stand(instance(word, exitValue=None)).job.read(NOTEBOOK, RUN)

    assert (report.status, report.wait, report.provider_state) == (status, wait, word)


def test_times_without_a_zone_are_utc_and_the_pause_is_kept() -> None:
    answer = instance("InProgress", startTimeUtc="2030-01-01T06:35:00.7812154", endTimeUtc=None)
    report = Stand(Reply.json(answer, headers={"Retry-After": "45"})).job.read(NOTEBOOK, RUN)

    assert str(report.started_at) == "2030-01-01 06:35:00.781215+00:00"
    assert (report.finished_at, report.retry_after) == (None, 45)


@pytest.mark.parametrize("status", [None, 5, "", "a b", {}])
def test_an_answer_without_a_readable_state_is_unavailable(status: Any) -> None:
    with pytest.raises(Unavailable):
        Stand(instance("x") | {"status": status}).job.read(NOTEBOOK, RUN)


def test_a_skipped_run_names_the_active_run() -> None:
    runs = {"value": [instance("Deduped"), {"id": 5}, instance("InProgress") | {"id": OTHER}]}

    report = Stand(instance("Deduped"), runs).job.read(NOTEBOOK, RUN)

    assert (report.status, report.cause) == (
        ProviderStatus.FAILED,
        FailureCause.CONTENTION_REJECTED,
    )
    assert OTHER in (report.message or "")


def test_a_skipped_run_whose_active_run_has_ended_still_says_why() -> None:
    for runs in ({"value": [instance("Deduped")]}, Reply(403), Reply(500)):
        report = Stand(instance("Deduped"), runs).job.read(NOTEBOOK, RUN)
        assert report.status is ProviderStatus.FAILED
        assert "another run" in (report.message or "")


@pytest.mark.parametrize(
    ("reason", "message", "cause"),
    [
        ({"errorCode": "Boom", "message": "no\nsales"}, "no sales (Boom)", None),
        ({"message": "no sales"}, "no sales", None),
        ({"errorCode": "Boom"}, "Boom", None),
        (None, "gives no reason", None),
        ("text", "gives no reason", None),
        (
            {"message": "[TooManyRequestsForCapacity] This spark job can't be run"},
            "choose a larger capacity",
            FailureCause.CONTENTION_REJECTED,
        ),
        (
            {"errorCode": "CapacityLimitExceeded", "message": "full"},
            "choose a larger capacity",
            FailureCause.CONTENTION_REJECTED,
        ),
    ],
)
def test_a_failed_run_has_its_reason_and_cause(
    reason: Any, message: str, cause: FailureCause | None
) -> None:
    report = Stand(instance("Failed", failureReason=reason)).job.read(NOTEBOOK, RUN)

    assert message in (report.message or "")
    assert report.cause is cause


def test_the_details_of_a_failure_hold_every_message() -> None:
    reason = {
        "errorCode": "Outer",
        "message": "failed",
        "moreDetails": [{"errorCode": "Inner", "message": "division by zero"}, "x"],
    }
    stand = Stand(instance("Failed", failureReason=reason))

    (part,) = stand.job.failure_details(NOTEBOOK, RUN).parts

    assert (part.error, part.trace) == ("failed (Outer)", "division by zero (Inner)")


@pytest.mark.parametrize(
    ("fields", "outputs"),
    [
        ({"exitValue": '{"rows": 7}'}, {"rows": 7}),
        ({"exitValue": "done"}, {"result": "done"}),
        ({"exitValue": "7"}, {"result": "7"}),
        ({"exitValue": None}, {}),
        ({"properties": {"exitValue": "done"}}, {"result": "done"}),
    ],
)
def test_the_exit_value_of_a_notebook_becomes_its_outputs(
    fields: dict[str, Any], outputs: dict[str, Any]
) -> None:
    stand = Stand(instance("Completed", **fields))

    assert dict(stand.job.read(NOTEBOOK, RUN).outputs) == outputs
    assert len(stand.sent()) == 1


def test_an_exit_value_that_the_state_lacks_is_read_once_more_if_an_output_needs_it() -> None:
    beta = instance("Completed", properties={"exitValue": '{"path": "/x"}', "compute": "Spark"})
    stand = Stand(instance("Completed"), beta)

    assert dict(stand.job.read(NOTEBOOK, RUN).outputs) == {"path": "/x"}
    assert stand.sent()[1] == f"GET notebooks/{ITEM}/jobs/execute/instances/{RUN}?beta=true"

    without = NOTEBOOK.model_copy(update={"parameters": ()})
    stand = Stand(instance("Completed"))
    assert dict(stand.job.read(without, RUN).outputs) == {}
    assert len(stand.sent()) == 1


def test_an_unreadable_exit_value_keeps_the_success_and_states_the_reason() -> None:
    stand = Stand(instance("Completed"), Reply.json({"errorCode": "Forbidden"}, 403))

    report = stand.job.read(NOTEBOOK, RUN)

    assert report.status is ProviderStatus.SUCCESS
    assert "exit value is missing" in (report.outputs_missing or "")
    with pytest.raises(PlatformRefused):
        Stand(instance("Completed"), Reply(401)).job.read(NOTEBOOK, RUN)
    with pytest.raises(Unavailable):
        Stand(instance("Completed"), Reply(500)).job.read(NOTEBOOK, RUN)


ACTIVITIES = [
    {
        "activityName": "Return",
        "activityType": "SetVariable",
        "status": "Succeeded",
        "activityRunEnd": "2030-01-01T00:00:02Z",
        "output": {"pipelineReturnValue": {"rows": 7}},
    },
    {"activityName": "Stop", "status": "Failed", "error": {"message": "no sales"}},
    {"activityName": "Wait1", "activityType": "Wait", "status": "Succeeded"},
]


@pytest.mark.parametrize(
    "answers",
    [
        [ACTIVITIES],
        [{"value": ACTIVITIES}],
        [{"value": ACTIVITIES[:1], "continuationToken": "more"}, {"value": ACTIVITIES[1:]}],
    ],
)
def test_the_activities_of_a_pipeline_give_outputs_and_failures(answers: list[Any]) -> None:
    stand = Stand(instance("Completed"), *answers, job_type=JobType.FABRIC_PIPELINE)
    assert dict(stand.job.read(PIPELINE, RUN).outputs) == {"rows": 7}
    assert stand.sent()[1:] == [QUERY] * len(answers)
    assert stand.body(1)["filters"] == []

    stand = Stand(instance("Failed"), *answers, job_type=JobType.FABRIC_PIPELINE)
    (part,) = stand.job.failure_details(PIPELINE, RUN).parts
    assert (part.part, part.error) == ("Stop", "no sales")


@pytest.mark.parametrize(
    "job_type", [JobType.FABRIC_NOTEBOOK, JobType.FABRIC_PIPELINE, JobType.FABRIC_DATAFLOW]
)
def test_a_poll_of_an_active_run_makes_one_call(job_type: JobType) -> None:
    stand = Stand(instance("InProgress"), job_type=job_type)
    stand.job.read(a_job(job_type), RUN)
    assert stand.sent() == [f"GET items/{ITEM}/jobs/instances/{RUN}"]


def test_the_cancellation_of_an_ended_run_is_not_an_error() -> None:
    refusal = Reply.json({"errorCode": "JobAlreadyCompleted"}, 400)
    stand = Stand(refusal, instance("Failed"))
    stand.job.cancel(NOTEBOOK, RUN)
    assert stand.sent() == [
        f"POST items/{ITEM}/jobs/instances/{RUN}/cancel",
        f"GET items/{ITEM}/jobs/instances/{RUN}",
    ]
    with pytest.raises(PlatformRefused):
        Stand(refusal, instance("InProgress")).job.cancel(NOTEBOOK, RUN)


def test_the_page_of_an_ended_notebook_is_its_snapshot() -> None:
    page = f"https://app.fabric.microsoft.com/groups/{WORKSPACE}/synapsenotebooks/{ITEM}"
    ended = Stand(instance("Failed")).job.read(NOTEBOOK, RUN)
    active = Stand(instance("InProgress")).job.read(NOTEBOOK, RUN)
    assert (ended.monitor_url, active.monitor_url) == (f"{page}/snapshots/{RUN}", page)


@pytest.mark.parametrize("code", ["ItemNotFound", "EntityNotFound", None])
def test_any_missing_run_is_not_found(code: str | None) -> None:
    stand = Stand(Reply.json({"errorCode": code}, 404))
    with pytest.raises(RunNotFound):
        stand.job.read(NOTEBOOK, RUN)
    with pytest.raises(PlatformRefused, match="fabricWorkspaceId"):
        Stand(Reply.json({"errorCode": "WorkspaceNotFound"}, 404)).job.read(NOTEBOOK, RUN)


def test_runs_are_listed_newest_first_without_the_jobs_that_publish() -> None:
    link = f"{HOST}{INSTANCES}?continuationToken=LDEs%3D"
    old = instance("Failed", startTimeUtc="2030-01-01T01:00:00")
    new = instance("Completed", startTimeUtc="2030-01-02T01:00:00") | {"id": OTHER.upper()}
    publishing = instance("Completed") | {"jobType": "ApplyChanges"}
    stand = Stand({"value": [old, publishing], "continuationUri": link}, {"value": [new, {}]})

    runs = [each.external_run_id for each in stand.job.runs(job_of_type())]

    assert runs == [OTHER, RUN]
    assert stand.sent()[1] == f"GET items/{ITEM}/jobs/instances?continuationToken=LDEs%3D"


def job_of_type() -> Job:
    return a_job(JobType.FABRIC_DATAFLOW)
