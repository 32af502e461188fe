"""The simulator of SageMaker against boto3, and its repairs and tokens against our connector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from boto3 import client
from botocore.exceptions import ClientError

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ProviderStatus
from tests.contract.aws.clients import options
from tests.contract.connectors.cases import aws_jobs
from tests.contract.connectors.job_type_case import Behaviour, ConnectorHarness, Simulators
from tests.fakes.simulators import SimulatorProcess

TOKEN = "t" * 32


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    simulators = Simulators(tmp_path_factory.mktemp("simulators"))
    yield simulators
    simulators.clear()


@pytest.fixture
def harness(simulators: Simulators) -> ConnectorHarness:
    return ConnectorHarness(aws_jobs.sagemaker(simulators))


def test_boto3_runs_and_reads_pipelines(simulator: SimulatorProcess) -> None:
    sagemaker = client("sagemaker", **options(simulator.url))
    steps = [
        {"Name": "Train", "Type": "Training", "Arguments": {}},
        {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "no sales"}},
    ]
    definition = json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": steps})
    for name in ("One", "Two", "Three"):
        sagemaker.create_pipeline(
            PipelineName=name,
            PipelineDefinition=definition,
            ClientRequestToken=TOKEN,
            RoleArn="arn:aws:iam::123456789012:role/pipelines",
        )

    arn = sagemaker.start_pipeline_execution(PipelineName="One", ClientRequestToken=TOKEN)[
        "PipelineExecutionArn"
    ]
    again = sagemaker.start_pipeline_execution(PipelineName="One", ClientRequestToken=TOKEN)

    assert again["PipelineExecutionArn"] == arn
    found = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert found["PipelineExecutionStatus"] == "Failed"
    listed = sagemaker.list_pipeline_executions(PipelineName="One")["PipelineExecutionSummaries"]
    assert [each["PipelineExecutionArn"] for each in listed] == [arn]
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)
    states = {each["StepName"]: each["StepStatus"] for each in listed["PipelineExecutionSteps"]}
    assert states == {"Train": "Succeeded", "Stop": "Failed"}
    assert sagemaker.describe_pipeline(PipelineName="One")["PipelineDefinition"] == definition
    assert len(sagemaker.list_pipelines()["PipelineSummaries"]) == 2
    sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="r" * 32)
    with pytest.raises(ClientError, match="ConflictException"):
        sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="s" * 32)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        sagemaker.describe_pipeline_execution(PipelineExecutionArn=f"{arn}1")


def test_a_repair_runs_only_the_failed_steps_and_can_be_stopped(
    harness: ConnectorHarness,
) -> None:
    steps = [
        {"Name": "Train", "Type": "Training", "Arguments": {}},
        {"Name": "Wait", "Type": "Training", "Arguments": {"SimulatorSeconds": 60}},
    ]
    aws_jobs.put_pipeline(harness.case.simulator, "repaired", steps)
    job = harness.case.jobs[Behaviour.SUCCEEDS].model_copy(update={"external_id": "repaired"})
    first = harness.job.submit(harness.request(job=job))
    harness.job.cancel(job, first.external_run_id)
    harness.poll_until_end(job, first)

    repair = harness.job.submit(harness.request(job=job, repairs=first.external_run_id))

    assert harness.job.read(job, repair.external_run_id).status is ProviderStatus.RUNNING
    # The stop of the repair has another request token than the stop of the first try.
    harness.job.cancel(job, repair.external_run_id)
    assert harness.poll_until_end(job, repair).status is ProviderStatus.CANCELLED


def test_a_resend_names_the_same_execution(harness: ConnectorHarness) -> None:
    request = harness.request()

    submitted = harness.job.submit(request)

    assert harness.job.submit(replace(request, is_resend=True)) == submitted


def test_a_refused_parameter_is_named_and_a_long_value_is_not_sent(
    harness: ConnectorHarness,
) -> None:
    with pytest.raises(PlatformRefused, match="the parameters rows") as caught:
        harness.job.submit(harness.request(parameters={"rows": "many"}))
    assert caught.value.cause is FailureCause.PARAMETERS

    request = harness.request(parameters={"rows": "1" * 1025})
    with pytest.raises(PlatformRefused, match=r"parameters\.rows: .* 1024 characters"):
        harness.job.submit(request)
    assert not harness.case.started_runs(request)


def test_the_settings_are_sent(harness: ConnectorHarness) -> None:
    settings = {
        "executionDisplayName": "nightly-load",
        "executionDescription": "The load of the night.",
        "maxParallelExecutionSteps": 2,
    }
    job = harness.case.jobs[Behaviour.SUCCEEDS].model_copy(update={"settings": settings})

    arn = harness.job.submit(harness.request(job=job)).external_run_id

    body = {"PipelineExecutionArn": arn}
    found = harness.case.simulator.control("POST", "sagemaker/DescribePipelineExecution", body)
    assert found["PipelineExecutionDisplayName"] == "nightly-load"
    assert found["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 2}
