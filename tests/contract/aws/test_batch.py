"""The simulator of AWS Batch against boto3, and the states of Batch against our connector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from boto3 import client
from botocore.exceptions import ClientError

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid
from polysync_core.platforms.connector import ProviderStatus, Wait
from tests.contract.aws.clients import options
from tests.contract.connectors.cases import aws_jobs
from tests.contract.connectors.job_type_case import Behaviour, ConnectorHarness, Simulators
from tests.fakes.simulators import SimulatorProcess


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    simulators = Simulators(tmp_path_factory.mktemp("simulators"))
    yield simulators
    simulators.clear()


@pytest.fixture
def harness(simulators: Simulators) -> ConnectorHarness:
    return ConnectorHarness(aws_jobs.batch(simulators))


def a_job(harness: ConnectorHarness, behaviour: Behaviour, **settings: Any) -> Job:
    return harness.case.jobs[behaviour].model_copy(update={"settings": settings})


def stored(harness: ConnectorHarness, job_id: str) -> Any:
    """Return a job in the simulator."""
    body = {"jobs": [job_id]}
    return harness.case.simulator.control("POST", "batch/DescribeJobs", body)["jobs"][0]


def test_boto3_runs_and_reads_jobs(simulator: SimulatorProcess) -> None:
    batch = client("batch", **options(simulator.url))
    queue = batch.create_job_queue(jobQueueName="nightly", priority=1, state="ENABLED")
    for command in (["true"], ["sleep", "30"], ["exit", "3"]):
        batch.register_job_definition(
            jobDefinitionName="load",
            type="container",
            containerProperties={"image": "busybox", "command": command},
        )

    job_id = batch.submit_job(jobName="a", jobQueue="nightly", jobDefinition="load:2")["jobId"]
    (job,) = batch.describe_jobs(jobs=[job_id, "none"])["jobs"]

    assert (job["status"], job["jobQueue"]) == ("RUNNING", queue["jobQueueArn"])
    by_name = [{"name": "JOB_NAME", "values": ["A*"]}]
    found = batch.list_jobs(jobQueue="nightly", filters=by_name)["jobSummaryList"]
    assert [each["jobId"] for each in found] == [job_id]
    pages = batch.get_paginator("describe_job_definitions").paginate(jobDefinitionName="load")
    assert [each["revision"] for page in pages for each in page["jobDefinitions"]] == [1, 2, 3]
    assert len(batch.describe_job_definitions(jobDefinitions=["load:3"])["jobDefinitions"]) == 1
    assert batch.describe_job_queues()["jobQueues"][0]["state"] == "ENABLED"
    batch.terminate_job(jobId=job_id, reason="enough")
    (job,) = batch.describe_jobs(jobs=[job_id])["jobs"]
    assert (job["status"], job["statusReason"], job["isTerminated"]) == ("FAILED", "enough", True)
    with pytest.raises(ClientError, match="does not exist"):
        batch.submit_job(jobName="a", jobQueue="none", jobDefinition="load")


def test_an_array_runs_until_its_last_child_has_ended(harness: ConnectorHarness) -> None:
    job = a_job(harness, Behaviour.HANGS, arraySize=3)
    submitted = harness.job.submit(harness.request(job=job))

    running = harness.job.read(job, submitted.external_run_id)
    harness.job.cancel(job, submitted.external_run_id)
    report = harness.poll_until_end(job, submitted)

    assert (running.status, running.provider_state) == (ProviderStatus.RUNNING, "PENDING")
    assert report.status is ProviderStatus.CANCELLED
    child = f"{submitted.external_run_id}:0"
    assert harness.job.read(job, child).status is ProviderStatus.CANCELLED


def test_a_failed_array_names_its_failed_children(harness: ConnectorHarness) -> None:
    job = a_job(harness, Behaviour.FAILS, arraySize=5)
    submitted = harness.job.submit(harness.request(job=job))

    report = harness.poll_until_end(job, submitted)
    details = harness.job.failure_details(job, submitted.external_run_id)

    assert "of 5 children, 0 have succeeded and 5 have failed" in str(report.message)
    assert [each.part for each in details.parts] == [f"child {index}" for index in range(5)]
    assert "exit code 3; no sales" in details.parts[0].error


def test_a_failed_job_has_its_exit_code_reason_and_attempts(harness: ConnectorHarness) -> None:
    job = a_job(harness, Behaviour.FAILS, retryAttempts=2)
    submitted = harness.job.submit(harness.request(job=job))

    report = harness.poll_until_end(job, submitted)
    details = harness.job.failure_details(job, submitted.external_run_id)

    assert report.message == "Essential container in task exited; no sales; exit code 3"
    assert report.may_be_stopped
    assert [each.part for each in details.parts] == ["attempt 1", "attempt 2"]
    assert "/aws/batch/job" in details.parts[0].trace


def test_a_job_that_fits_no_machine_names_the_reason(harness: ConnectorHarness) -> None:
    queue = {"jobQueueName": "tight", "state": "DISABLED"}
    harness.case.simulator.control("POST", "batch/CreateJobQueue", queue)
    job = a_job(harness, Behaviour.SUCCEEDS, jobQueue="tight")
    submitted = harness.job.submit(harness.request(job=job))

    waiting = harness.job.read(job, submitted.external_run_id)
    harness.job.cancel(job, submitted.external_run_id)

    assert (waiting.status, waiting.wait) == (ProviderStatus.STARTING, Wait.COMPUTE)
    assert "JOB_RESOURCE_REQUIREMENT" in str(waiting.message)
    assert harness.poll_until_end(job, submitted).status is ProviderStatus.CANCELLED


def test_the_settings_are_sent(harness: ConnectorHarness) -> None:
    job = a_job(
        harness,
        Behaviour.SUCCEEDS,
        tags={"team": "sales"},
        attemptDurationSeconds=90,
        dependsOn=[{"jobId": "other"}],
    )

    job_id = harness.job.submit(harness.request(job=job, is_only_try=True)).external_run_id

    sent = stored(harness, job_id)
    assert sent["tags"] == {"team": "sales"}
    assert sent["dependsOn"] == [{"jobId": "other"}]
    assert sent["retryStrategy"]["attempts"] == 1


def test_a_job_without_a_queue_is_refused_before_a_call(harness: ConnectorHarness) -> None:
    attributes = {**harness.case.platform.attributes}
    del attributes["defaultJobQueue"]
    platform = harness.case.platform.model_copy(update={"attributes": attributes})
    without = ConnectorHarness(replace(harness.case, platform=platform))

    with pytest.raises(Invalid, match="defaultJobQueue"):
        without.job.submit(without.request())


def test_only_runs_of_the_revision_are_listed(harness: ConnectorHarness) -> None:
    simulator = harness.case.simulator
    for _ in range(2):
        aws_jobs.put_definition(simulator, "revised", ["true"])
    pinned = a_job(harness, Behaviour.SUCCEEDS).model_copy(update={"external_id": "revised:1"})
    newest = pinned.model_copy(update={"external_id": "revised"})

    first = harness.job.submit(harness.request(job=pinned)).external_run_id
    second = harness.job.submit(harness.request(job=newest)).external_run_id

    assert [run.external_run_id for run in harness.job.runs(pinned)] == [first]
    assert {run.external_run_id for run in harness.job.runs(newest)} == {first, second}
