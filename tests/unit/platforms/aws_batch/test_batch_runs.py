"""Submits, lost answers and stops of Batch jobs, with scripted answers."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.domain.errors import PlatformRefused, Uncertain
from polysync_core.platforms.connector import ProviderStatus, RunNotFound
from tests.fakes.http import Reply
from tests.unit.platforms.aws.job_stand import TOKEN, JobStand

JOB = Job(
    name="load",
    platform="batch",
    job_type=JobType.AWS_BATCH_JOB,
    external_id="load:3",
    parameters=(Parameter(name="rows"),),
)
NAME = f"polysync-{TOKEN}"


class BatchStand(JobStand):
    """A connector of Batch with scripted answers."""

    def __init__(self, *steps: Any, **attributes: Any) -> None:
        super().__init__("AwsBatch", JOB, *steps, **{"defaultJobQueue": "nightly", **attributes})


def listed(job_id: str, created: int, name: str = NAME) -> dict[str, Any]:
    return {"jobId": job_id, "jobName": name, "createdAt": created, "status": "RUNNING"}


def test_a_submit_names_the_job_after_the_attempt() -> None:
    stand = BatchStand({"jobId": "a-1"})

    submitted = stand.job.submit(stand.order(parameters={"rows": 8}))

    assert stand.body() == {
        "jobName": NAME,
        "jobDefinition": "load:3",
        "jobQueue": "nightly",
        "parameters": {"rows": "8"},
    }
    assert submitted.monitor_url == (
        "https://eu-west-1.console.aws.amazon.com/batch/home?region=eu-west-1#jobs/detail/a-1"
    )


def test_the_queue_of_the_job_precedes_that_of_the_platform() -> None:
    stand = BatchStand({"jobId": "a-1"})

    stand.job.submit(stand.order(job=JOB.model_copy(update={"settings": {"jobQueue": "urgent"}})))

    assert stand.body()["jobQueue"] == "urgent"


def test_the_oldest_job_with_the_name_is_adopted() -> None:
    jobs = [listed("b-2", 2), listed("a-1", 1), listed("c-0", 0, name=f"{NAME}-x")]
    stand = BatchStand({"jobSummaryList": jobs})

    assert stand.job.submit(stand.order(is_resend=True)).external_run_id == "a-1"
    assert stand.body()["filters"] == [{"name": "JOB_NAME", "values": [NAME]}]
    assert stand.sent() == ["/v1/listjobs"]


def test_a_missing_job_is_submitted_again_only_when_the_list_is_complete() -> None:
    stand = BatchStand({"jobSummaryList": []}, {"jobSummaryList": []}, {"jobId": "a-1"})
    order = stand.order(is_resend=True)
    with pytest.raises(Uncertain):
        stand.job.submit(order)

    stand.time.sleep(300)

    assert stand.job.submit(order).external_run_id == "a-1"


@pytest.mark.parametrize("answer", [{"jobName": "x"}, {"jobId": ""}, {"jobId": "../x"}])
def test_an_answer_without_an_id_leaves_the_submit_open(answer: Any) -> None:
    stand = BatchStand(answer)

    with pytest.raises(Uncertain):
        stand.job.submit(stand.order())
    assert stand.sent() == ["/v1/submitjob"]


def test_only_an_active_job_is_terminated() -> None:
    stand = BatchStand({"jobs": [{"jobId": "a", "status": "SUCCEEDED"}]})
    stand.job.cancel(JOB, "a")
    assert stand.sent() == ["/v1/describejobs"]

    stand = BatchStand({"jobs": [{"jobId": "a", "status": "RUNNABLE"}]}, {})
    stand.job.cancel(JOB, "a")
    assert stand.body() == {"jobId": "a", "reason": "Stopped by Polysync"}


def test_another_job_in_the_answer_is_not_the_job() -> None:
    stand = BatchStand({"jobs": [{"jobId": "b", "status": "SUCCEEDED"}]})

    with pytest.raises(RunNotFound):
        stand.job.read(JOB, "a")


def test_a_missing_default_queue_fails_the_test_of_the_platform() -> None:
    with pytest.raises(PlatformRefused, match="check defaultJobQueue"):
        BatchStand({"jobQueues": []}).connector.test()


def test_the_containers_of_a_pod_and_of_a_task_are_named() -> None:
    container = {"name": "main", "exitCode": 2, "reason": "Error"}
    pod = {"jobId": "a", "status": "FAILED", "eksAttempts": [{"containers": [container]}]}
    task = {**container, "logStreamName": "stream"}
    ecs = {
        "jobId": "a",
        "status": "FAILED",
        "attempts": [{"taskProperties": [{"containers": [task]}]}],
    }

    for job in (pod, ecs):
        (part,) = BatchStand({"jobs": [job]}).job.failure_details(JOB, "a").parts
        assert part.error == "exit code 2 of container main; Error"
    assert part.trace == "Log stream of /aws/batch/job: stream"


def test_a_failed_job_without_attempts_has_its_reason() -> None:
    job = {"jobId": "a", "status": "FAILED", "statusReason": "Dependent job failed"}
    stand = BatchStand({"jobs": [job]})

    (part,) = stand.job.failure_details(JOB, "a").parts

    assert part.error == "Dependent job failed"
    assert stand.job.read(JOB, "a").status is ProviderStatus.FAILED


def test_a_refusal_names_the_remedy_and_keeps_the_text_of_batch() -> None:
    refusal = Reply.json(
        {"message": "Job queue x not found"},
        400,
        {"x-amzn-ErrorType": "ClientException:http://internal.amazon.com/coral/"},
    )

    with pytest.raises(PlatformRefused, match=r"ClientException, status 400.*job queue") as caught:
        BatchStand(refusal).job.submit(BatchStand({}).order())
    assert caught.value.platform_message == "Job queue x not found"
