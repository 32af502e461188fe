"""The states of Batch jobs: waits, arrays, terminated jobs and time-outs."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.aws_batch.states import is_job_id, report_of
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait

MOMENT = 1893456000000


def report(status: str, **facts: Any) -> Report:
    return report_of({"status": status, **facts}, "https://page")


@pytest.mark.parametrize(
    ("status", "facts", "wait"),
    [
        ("SUBMITTED", {}, Wait.PLATFORM_QUEUE),
        ("PENDING", {}, Wait.PLATFORM_QUEUE),
        ("RUNNABLE", {}, Wait.COMPUTE),
        ("RUNNABLE", {"attempts": []}, Wait.COMPUTE),
        ("RUNNABLE", {"attempts": [{"container": {"exitCode": 1}}]}, Wait.RETRY),
        ("STARTING", {}, Wait.COMPUTE),
    ],
)
def test_a_job_that_has_not_started_names_its_wait(
    status: str, facts: dict[str, Any], wait: Wait
) -> None:
    found = report(status, statusReason="MISCONFIGURATION:X - why", **facts)

    assert (found.status, found.wait) == (ProviderStatus.STARTING, wait)
    assert found.message == "MISCONFIGURATION:X - why"


@pytest.mark.parametrize(
    ("facts", "status", "cause"),
    [
        ({}, ProviderStatus.FAILED, None),
        ({"isTerminated": False, "isCancelled": False}, ProviderStatus.FAILED, None),
        ({"isTerminated": True}, ProviderStatus.CANCELLED, None),
        ({"isCancelled": True}, ProviderStatus.CANCELLED, None),
        (
            {"isTerminated": True, "statusReason": "Job attempt duration exceeded timeout"},
            ProviderStatus.FAILED,
            FailureCause.TIMEOUT,
        ),
    ],
)
def test_a_terminated_job_is_cancelled_unless_it_timed_out(
    facts: dict[str, Any], status: ProviderStatus, cause: FailureCause | None
) -> None:
    found = report("FAILED", **facts)

    assert (found.status, found.cause) == (status, cause)
    assert found.may_be_stopped is (status is ProviderStatus.FAILED and cause is None)


@pytest.mark.parametrize(
    ("summary", "status"),
    [
        ({"PENDING": 2, "RUNNABLE": 1}, ProviderStatus.STARTING),
        ({"RUNNABLE": 2, "RUNNING": 1}, ProviderStatus.RUNNING),
        ({"RUNNABLE": 2, "SUCCEEDED": 1}, ProviderStatus.RUNNING),
        ({"RUNNABLE": 2, "FAILED": 1}, ProviderStatus.RUNNING),
        ({"RUNNABLE": 3, "SUCCEEDED": 0}, ProviderStatus.STARTING),
    ],
)
def test_an_array_runs_as_soon_as_a_child_has_begun(
    summary: dict[str, int], status: ProviderStatus
) -> None:
    found = report("PENDING", arrayProperties={"size": 3, "statusSummary": summary})

    assert found.status is status
    assert (found.wait is None) is (status is ProviderStatus.RUNNING)
    assert str(found.message).startswith("of 3 children, ")


def test_a_failed_job_has_times_and_a_message() -> None:
    container = {"exitCode": 137, "reason": "OutOfMemoryError: killed"}

    found = report("FAILED", container=container, startedAt=MOMENT, stoppedAt=MOMENT + 500)

    assert found.message == "OutOfMemoryError: killed; exit code 137"
    assert found.started_at is not None
    assert found.finished_at is not None
    assert (found.finished_at - found.started_at).total_seconds() == 0.5


def test_an_unknown_word_is_no_end_and_a_missing_word_no_answer() -> None:
    assert report("DREAMING").status is ProviderStatus.UNKNOWN
    with pytest.raises(UnexpectedAnswer):
        report_of({}, "")


@pytest.mark.parametrize("job_id", ["876da822-4198-45f2-a252-6cea32512ea8", "a:12", "a#0"])
def test_ids_of_jobs_children_and_nodes_are_valid(job_id: str) -> None:
    assert is_job_id(job_id)


@pytest.mark.parametrize("job_id", ["", "a:", "a:x", "a b", "../a", "a" * 65])
def test_another_text_is_no_id(job_id: str) -> None:
    assert not is_job_id(job_id)
