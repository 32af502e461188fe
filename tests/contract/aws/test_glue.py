"""The simulator of AWS Glue against boto3, and the quirks of Glue against our connector."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from boto3 import client
from botocore.exceptions import ClientError

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Unavailable
from polysync_core.platforms.connector import ProviderStatus, Wait
from tests.contract.aws.clients import options
from tests.contract.connectors.cases import aws_jobs
from tests.contract.connectors.job_type_case import Behaviour, ConnectorHarness, Simulators
from tests.fakes.simulators import SimulatorProcess

ROLE = "arn:aws:iam::123456789012:role/glue"


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    simulators = Simulators(Path(tmp_path_factory.mktemp("simulators")))
    yield simulators
    simulators.clear()


@pytest.fixture
def harness(simulators: Simulators) -> ConnectorHarness:
    return ConnectorHarness(aws_jobs.glue(simulators))


def created(harness: ConnectorHarness, name: str, query: str, **options: Any) -> Job:
    """Create a Glue job whose script behaves as a query says."""
    script = f"s3://simulator/run?{query}"
    aws_jobs.put_glue_job(harness.case.simulator, name, script, **options)
    return harness.case.jobs[Behaviour.SUCCEEDS].model_copy(update={"external_id": name})


def test_boto3_runs_and_reads_jobs(simulator: SimulatorProcess) -> None:
    glue = client("glue", **options(simulator.url))
    command = {"Name": "glueetl", "ScriptLocation": "s3://simulator/run?seconds=30"}
    for name in ("one", "two", "three"):
        glue.create_job(Name=name, Role=ROLE, Command=command, DefaultArguments={"--rows": "1"})

    run_id = glue.start_job_run(JobName="one", Arguments={"--rows": "2"}, WorkerType="G.1X")
    run = glue.get_job_run(JobName="one", RunId=run_id["JobRunId"])["JobRun"]

    assert (run["JobRunState"], run["Arguments"], run["WorkerType"]) == (
        "RUNNING",
        {"--rows": "2"},
        "G.1X",
    )
    assert glue.get_job_runs(JobName="one")["JobRuns"][0]["Id"] == run["Id"]
    names = [
        job["Name"] for page in glue.get_paginator("get_jobs").paginate() for job in page["Jobs"]
    ]
    assert names == ["one", "two", "three"]
    assert glue.get_jobs()["Jobs"][0]["MaxRetries"] == 0
    assert glue.get_job(JobName="two")["Job"]["DefaultArguments"] == {"--rows": "1"}
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        glue.start_job_run(JobName="one")
    stopped = glue.batch_stop_job_run(JobName="one", JobRunIds=[run["Id"], "jr_none"])
    assert [each["JobRunId"] for each in stopped["SuccessfulSubmissions"]] == [run["Id"]]
    assert stopped["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        glue.get_job_run(JobName="one", RunId="jr_none")


def until(harness: ConnectorHarness, job: Job, run_id: str, state: ProviderStatus) -> Any:
    deadline = time.monotonic() + 10
    while (report := harness.job.read(job, run_id)).status is not state:
        assert time.monotonic() < deadline, report
        time.sleep(0.02)
    return report


def test_a_retry_by_glue_decides(harness: ConnectorHarness) -> None:
    job = created(harness, "retried", "error=no+sales&failures=2", MaxRetries=2)
    submitted = harness.job.submit(harness.request(job=job))

    waiting = harness.job.read(job, submitted.external_run_id)
    report = until(harness, job, submitted.external_run_id, ProviderStatus.SUCCESS)

    assert (waiting.status, waiting.wait) == (ProviderStatus.RUNNING, Wait.RETRY)
    assert "no sales" in str(waiting.message)
    assert str(report.monitor_url).endswith("_attempt_2")
    tries = harness.job.failure_details(job, submitted.external_run_id)
    assert [each.part for each in tries.parts] == ["try 1", "try 2"]


def test_the_last_retry_by_glue_fails_the_run(harness: ConnectorHarness) -> None:
    job = created(harness, "exhausted", "error=no+sales", MaxRetries=1)
    submitted = harness.job.submit(harness.request(job=job))

    report = until(harness, job, submitted.external_run_id, ProviderStatus.FAILED)

    assert "no sales" in str(report.message)
    assert report.wait is None


def test_a_stop_reaches_the_retry_by_glue(harness: ConnectorHarness) -> None:
    job = created(harness, "stopped", "error=no+sales&seconds=0.3", MaxRetries=5)
    submitted = harness.job.submit(harness.request(job=job))
    deadline = time.monotonic() + 10
    while "_attempt_" not in str(harness.job.read(job, submitted.external_run_id).monitor_url):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    for _ in range(100):
        try:
            harness.job.cancel(job, submitted.external_run_id)
            break
        except Unavailable:
            time.sleep(0.02)

    until(harness, job, submitted.external_run_id, ProviderStatus.CANCELLED)


def test_a_job_at_its_limit_is_tried_again(harness: ConnectorHarness) -> None:
    job = created(harness, "limited", "seconds=30", ExecutionProperty={"MaxConcurrentRuns": 1})
    first = harness.job.submit(harness.request(job=job))

    with pytest.raises(Unavailable, match="queueRuns"):
        harness.job.submit(harness.request(job=job))
    queueing = job.model_copy(update={"settings": {"queueRuns": True}})
    second = harness.job.submit(harness.request(job=queueing))

    report = harness.job.read(job, second.external_run_id)
    assert (report.status, report.wait) == (ProviderStatus.STARTING, Wait.PLATFORM_QUEUE)
    assert "concurrent runs" in str(report.message)
    for run in (first, second):
        harness.job.cancel(job, run.external_run_id)


def test_a_lost_run_is_found_among_many_others(harness: ConnectorHarness) -> None:
    job = harness.case.jobs[Behaviour.SUCCEEDS]
    request = harness.request()
    submitted = harness.job.submit(request)
    for _ in range(5):
        harness.job.submit(harness.request())

    found = harness.job.submit(replace(request, is_resend=True))

    assert found.external_run_id == submitted.external_run_id
    assert len(list(harness.job.runs(job))) >= 6
