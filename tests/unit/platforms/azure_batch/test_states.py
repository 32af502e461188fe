"""The state and the wait of a Batch job, and the accounts of each cloud."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from polysync_core.platforms.azure_batch.attributes import BatchAttributes
from polysync_core.platforms.azure_batch.states import (
    active_report,
    ended_report,
    pool_wait,
)
from polysync_core.platforms.connector import ProviderStatus, Wait
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply
from tests.unit.platforms.azure_batch.test_jobs import JOB, NAME, Scripted, a_platform, refusal


def counts(active: int = 0, running: int = 0, completed: int = 0, failed: int = 0) -> Any:
    return {"active": active, "running": running, "completed": completed, "failed": failed}


def ended(reason: str | None, **facts: Any) -> dict[str, Any]:
    execution = {"terminateReason": reason, **facts} if reason else facts
    return {"id": "x", "state": "completed", "executionInfo": execution}


@pytest.mark.parametrize(
    ("state", "numbers", "status", "wait"),
    [
        ("active", counts(active=1), ProviderStatus.STARTING, None),
        ("active", counts(active=1, completed=1), ProviderStatus.RUNNING, None),
        ("active", counts(completed=1), ProviderStatus.RUNNING, None),
        ("disabled", counts(active=1), ProviderStatus.STARTING, Wait.PLATFORM_QUEUE),
        ("terminating", counts(), ProviderStatus.RUNNING, None),
        ("dreaming", counts(), ProviderStatus.UNKNOWN, None),
    ],
)
def test_the_state_of_an_active_job_comes_from_the_job_and_the_counts(
    state: str, numbers: Any, status: ProviderStatus, wait: Wait | None
) -> None:
    report = active_report({"state": state}, numbers, "page")
    assert (report.status, report.wait) == (status, wait)
    assert (report.message is not None) is (wait is not None)


def test_a_pool_that_cannot_be_made_is_a_wait_for_compute() -> None:
    error = {"code": "AutoPoolCreationFailedWithQuotaReached", "message": "no cores"}
    job = {"state": "active", "executionInfo": {"schedulingError": error}}
    report = active_report(job, counts(active=1), "page")
    assert (report.status, report.wait) == (ProviderStatus.STARTING, Wait.COMPUTE)
    assert report.message == "AutoPoolCreationFailedWithQuotaReached: no cores"


FAILURE = "Task only: exit code 1"


@pytest.mark.parametrize(
    ("job", "failure", "status"),
    [
        (ended("AllTasksComplete"), None, ProviderStatus.SUCCESS),
        (ended("AllTasksComplete"), FAILURE, ProviderStatus.FAILED),
        (ended("JMComplete"), None, ProviderStatus.SUCCESS),
        (ended("TaskFailed"), FAILURE, ProviderStatus.FAILED),
        (ended("MaxWallClockTimeExpiry"), None, ProviderStatus.FAILED),
        (ended("UserTerminate"), FAILURE, ProviderStatus.CANCELLED),
        (ended("StoppedByPolysync"), None, ProviderStatus.CANCELLED),
        (ended("own words"), None, ProviderStatus.SUCCESS),
        (ended("own words"), FAILURE, ProviderStatus.FAILED),
        (ended(None), FAILURE, ProviderStatus.FAILED),
        (
            ended(None, schedulingError={"code": "AutoPoolCreationFailed"}),
            None,
            ProviderStatus.FAILED,
        ),
    ],
)
def test_the_end_comes_from_its_reason_and_the_failed_tasks(
    job: dict[str, Any], failure: str | None, status: ProviderStatus
) -> None:
    report = ended_report(job, failure, "page")
    assert report.status is status
    assert (report.message is not None) is (status is ProviderStatus.FAILED)


def test_a_poll_of_a_running_job_is_one_call() -> None:
    scripted = Scripted(Reply.json({"taskCounts": counts(active=5, running=1)}))
    assert scripted.job.read(JOB, NAME).status is ProviderStatus.RUNNING
    assert scripted.calls == [f"GET jobs/{NAME}/taskcounts"]


def waiting_job() -> Reply:
    created = {"creationTime": "2030-01-01T00:00:00Z", "executionInfo": {"poolId": "small"}}
    return Reply.json({"id": NAME, "state": "active", **created})


def test_a_job_that_waits_for_long_gives_the_problem_of_its_pool() -> None:
    numbers = Reply.json({"taskCounts": counts(active=1)})
    scripted = Scripted(
        numbers, waiting_job(), numbers, waiting_job(), refusal(404, "PoolNotFound")
    )
    assert scripted.job.read(JOB, NAME).wait is None
    scripted.time.seconds = timedelta(minutes=1).total_seconds()

    report = scripted.job.read(JOB, NAME)

    assert (report.status, report.wait) == (ProviderStatus.STARTING, Wait.COMPUTE)
    assert report.message == "The pool small does not exist, or cannot be read: create it."


@pytest.mark.parametrize(
    ("pool", "text"),
    [
        (
            {"resizeErrors": [{"code": "AccountCoreQuotaReached", "message": "m"}]},
            "QuotaReached: m",
        ),
        ({"currentDedicatedNodes": 0, "targetDedicatedNodes": 0}, "has no nodes: resize it"),
        ({"enableAutoScale": True, "allocationState": "resizing"}, "no node yet (resizing)"),
        ({"targetLowPriorityNodes": 2, "allocationState": "steady"}, "no node yet (steady)"),
        ({"currentLowPriorityNodes": 2}, "starting or busy"),
    ],
)
def test_a_pool_explains_a_wait(pool: dict[str, Any], text: str) -> None:
    assert text in pool_wait(pool, "small")


def test_a_failed_run_names_its_first_failed_task() -> None:
    failure = {"code": "FailureExitCode", "message": "failed", "details": []}
    task = {"id": "only", "executionInfo": {"exitCode": 3, "failureInfo": failure}}
    scripted = Scripted(
        # The counts do not know the failure yet.
        Reply.json({"taskCounts": counts(completed=1)}),
        Reply.json(ended("AllTasksComplete")),
        Reply.json({"value": [task]}),
    )
    report = scripted.job.read(JOB, NAME)
    assert report.status is ProviderStatus.FAILED
    assert report.message == "Task only: exit code 3; FailureExitCode; failed"


@pytest.mark.parametrize(
    ("url", "cloud"),
    [
        ("https://analytics.westeurope.batch.azure.com", "AzurePublic"),
        ("https://analytics.usgovvirginia.batch.usgovcloudapi.net/", "AzureUSGovernment"),
        ("https://analytics.chinaeast2.batch.chinacloudapi.cn", "AzureChina"),
    ],
)
def test_each_cloud_has_its_own_accounts(url: str, cloud: str) -> None:
    check = platform_plugin("AzureBatch").check
    assert not check(a_platform(batchAccountUrl=url, cloud=cloud), False)
    other = "AzureChina" if cloud != "AzureChina" else "AzurePublic"
    (problem,) = check(a_platform(batchAccountUrl=url, cloud=other), False)
    assert problem.path == "attributes.batchAccountUrl"
    attributes = BatchAttributes.of(a_platform(batchAccountUrl=url, cloud=cloud))
    assert attributes.scope.endswith("//.default")
    assert attributes.page.endswith("/batchAccounts/analytics/jobs")


@pytest.mark.parametrize(
    "url",
    ["https://evil.example", "http://a.westeurope.batch.azure.com", "https://batch.azure.com", "x"],
)
def test_another_host_is_refused(url: str) -> None:
    (problem,) = platform_plugin("AzureBatch").check(a_platform(batchAccountUrl=url), False)
    assert problem.path == "attributes.batchAccountUrl"
