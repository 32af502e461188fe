"""Our connectors of Glue, Batch and SageMaker, against moto's server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from boto3 import client

from polysync_core.domain.definitions.jobs import DataType, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import PlatformRefused
from polysync_core.platforms.connector import ArtefactNotFound, ProviderStatus, RunNotFound
from tests.contract.aws.clients import ACCESS_KEY, REGION, options
from tests.contract.connectors.job_type_case import (
    Behaviour,
    ConnectorHarness,
    JobTypeCase,
    Step,
)

pytestmark = pytest.mark.slow


def harness(moto: str, kind: PlatformType, job: Job, **attributes: Any) -> ConnectorHarness:
    """Return a harness of the common suite whose platform is moto's server."""
    platform = Platform.model_validate(
        {
            "name": "aws",
            "type": kind,
            "auth": ACCESS_KEY,
            "attributes": {"region": REGION, "endpoint": moto, **attributes},
        }
    )
    unused: Any = None
    return ConnectorHarness(
        JobTypeCase(
            simulator=unused,
            platform=platform,
            jobs={Behaviour.SUCCEEDS: job},
            endpoints=dict[Step, str](),
            started_runs=lambda request: (),
            unknown_state={},
            unknown_runs=(),
            refused=(),
            foreign_addresses="unused",
        )
    )


def a_job(job_type: JobType, **parameters: Any) -> Job:
    rows = Parameter(name="rows", **parameters)
    return Job(
        name="load", platform="aws", job_type=job_type, external_id="load", parameters=(rows,)
    )


@pytest.fixture(scope="module")
def glue(moto: str) -> ConnectorHarness:
    client("glue", **options(moto)).create_job(
        Name="load",
        Description="Loads the sales.",
        Role="arn:aws:iam::123456789012:role/glue",
        Command={"Name": "glueetl", "ScriptLocation": "s3://scripts/load.py"},
        DefaultArguments={"--rows": "1", "--TempDir": "s3://temp"},
        ExecutionProperty={"MaxConcurrentRuns": 10},
    )
    return harness(moto, PlatformType.AWS_GLUE, a_job(JobType.GLUE_JOB), workerType="G.1X")


def test_moto_runs_a_glue_job(glue: ConnectorHarness, moto: str) -> None:
    request = glue.request(parameters={"rows": 8})

    submitted = glue.job.submit(request)

    assert glue.poll_until_end(request.job, submitted).status is ProviderStatus.SUCCESS
    run = client("glue", **options(moto)).get_job_run(
        JobName="load", RunId=submitted.external_run_id
    )["JobRun"]
    assert run["Arguments"]["--rows"] == "8"
    assert run["WorkerType"] == "G.1X"
    assert glue.submit_until_answered(request, is_resend=True) == submitted
    assert submitted.external_run_id in [run.external_run_id for run in glue.job.runs(request.job)]
    with pytest.raises(RunNotFound):
        glue.job.read(request.job, "jr_none")


def test_moto_lists_glue_jobs(glue: ConnectorHarness) -> None:
    found = next(iter(glue.connector.artefacts(search="LOAD")))

    assert (found.external_id, found.description) == ("load", "Loads the sales.")
    assert found.schema == glue.job.describe("load")
    assert found.schema.parameters == (Parameter(name="rows", default="1"),)
    assert "its jobs are readable" in glue.connector.test()
    with pytest.raises(ArtefactNotFound):
        glue.job.describe("none")


@pytest.fixture(scope="module")
def batch(moto: str) -> ConnectorHarness:
    role = client("iam", **options(moto)).create_role(
        RoleName="batch", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"})
    )["Role"]["Arn"]
    jobs = client("batch", **options(moto))
    environment = jobs.create_compute_environment(
        computeEnvironmentName="own", type="UNMANAGED", state="ENABLED", serviceRole=role
    )["computeEnvironmentArn"]
    order = [{"order": 1, "computeEnvironment": environment}]
    jobs.create_job_queue(
        jobQueueName="nightly", state="ENABLED", priority=1, computeEnvironmentOrder=order
    )
    for rows in ("1", "2"):
        jobs.register_job_definition(
            jobDefinitionName="load",
            type="container",
            parameters={"rows": rows},
            containerProperties={
                "image": "busybox",
                "vcpus": 1,
                "memory": 128,
                "command": ["load", "Ref::rows", "Ref::day"],
            },
        )
    return harness(
        moto, PlatformType.AWS_BATCH, a_job(JobType.AWS_BATCH_JOB), defaultJobQueue="nightly"
    )


def test_moto_runs_a_batch_job(batch: ConnectorHarness, moto: str) -> None:
    request = batch.request(parameters={"rows": 8})

    submitted = batch.job.submit(request)

    assert batch.poll_until_end(request.job, submitted).status is ProviderStatus.SUCCESS
    run = client("batch", **options(moto)).describe_jobs(jobs=[submitted.external_run_id])["jobs"][
        0
    ]
    assert run["jobDefinition"].endswith("/load:2")
    assert run["parameters"]["rows"] == "8"
    assert batch.submit_until_answered(request, is_resend=True) == submitted
    batch.job.cancel(request.job, submitted.external_run_id)
    assert next(batch.job.runs(request.job)).external_run_id == submitted.external_run_id
    with pytest.raises(RunNotFound):
        batch.job.read(request.job, "none")


def test_moto_runs_an_array_job(batch: ConnectorHarness) -> None:
    job = batch.case.jobs[Behaviour.SUCCEEDS].model_copy(update={"settings": {"arraySize": 3}})

    report = batch.poll_until_end(job, batch.job.submit(batch.request(job=job)))

    assert report.status is ProviderStatus.SUCCESS


def test_moto_lists_job_definitions(batch: ConnectorHarness) -> None:
    day = Parameter(name="day", required=True)

    (found,) = batch.connector.artefacts()

    assert found.external_id == "load"
    assert found.schema == batch.job.describe("load")
    assert found.schema.parameters == (Parameter(name="rows", default="2"), day)
    assert batch.job.describe("load:1").parameters[0].default == "1"
    assert "its job queues are readable" in batch.connector.test()
    for missing in ("none", "load:3"):
        with pytest.raises(ArtefactNotFound):
            batch.job.describe(missing)


def test_moto_refuses_an_unknown_queue(batch: ConnectorHarness) -> None:
    job = batch.case.jobs[Behaviour.SUCCEEDS].model_copy(update={"settings": {"jobQueue": "none"}})

    with pytest.raises(PlatformRefused, match="that the job queue exists") as caught:
        batch.job.submit(batch.request(job=job))

    assert "none" in str(caught.value.platform_message)


@pytest.fixture(scope="module")
def sagemaker(moto: str) -> ConnectorHarness:
    parameters = [{"Name": "rows", "Type": "Integer", "DefaultValue": 1}]
    client("sagemaker", **options(moto)).create_pipeline(
        PipelineName="load",
        PipelineDefinition=json.dumps({"Version": "2020-12-01", "Parameters": parameters}),
        ClientRequestToken="t" * 32,
        RoleArn="arn:aws:iam::123456789012:role/pipelines",
    )
    job = a_job(JobType.SAGEMAKER_PIPELINE, data_type=DataType.INT, default=1)
    return harness(moto, PlatformType.AWS_SAGEMAKER, job)


def test_moto_runs_a_pipeline(sagemaker: ConnectorHarness, moto: str) -> None:
    request = sagemaker.request(parameters={"rows": 8})

    submitted = sagemaker.job.submit(request)

    assert sagemaker.poll_until_end(request.job, submitted).status is ProviderStatus.SUCCESS
    given = client("sagemaker", **options(moto)).list_pipeline_parameters_for_execution(
        PipelineExecutionArn=submitted.external_run_id
    )
    assert given["PipelineParameters"] == [{"Name": "rows", "Value": "8"}]
    assert next(sagemaker.job.runs(request.job)).external_run_id == submitted.external_run_id


def test_moto_lists_pipelines(sagemaker: ConnectorHarness) -> None:
    (found,) = sagemaker.connector.artefacts(search="LOAD")

    assert found.external_id == "load"
    rows = Parameter(name="rows", data_type=DataType.INT, default=1)
    assert sagemaker.job.describe("load").parameters == (rows,)
    assert "its pipelines are readable" in sagemaker.connector.test()
