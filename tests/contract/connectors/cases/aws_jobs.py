"""The cases of AWS Glue, AWS Batch and Amazon SageMaker."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.job_type_case import (
    CANARY,
    Behaviour,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)
from tests.fakes.simulators import SimulatorProcess

KEY_ID = "AKIASIMULATOR00000000"
SECRET = "vault://local/SECRET"
REGION = "us-east-1"
ROWS = Parameter(name="rows", default="1")
UNKNOWN_RUNS = ("", "../runs", "1&x=2", "a b", "x#y", "00000000-0000-0000-0000-000000000000")
BEHAVIOURS = (Behaviour.SUCCEEDS, Behaviour.FAILS, Behaviour.HANGS)
NO_ADDRESSES = "the answers have no addresses"


def simulator_of(simulators: Simulators) -> SimulatorProcess:
    """Return the simulator, which knows the secret of the suite."""
    simulator = simulators.simulator("simulators.aws", "--page-size", "3")
    simulator.control("PUT", f"keys/{KEY_ID}", {"secret": CANARY})
    return simulator


def a_platform(simulator: SimulatorProcess, kind: PlatformType, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "aws",
            "type": kind,
            "auth": {"method": "AccessKey", "accessKeyId": KEY_ID, "secretAccessKey": SECRET},
            "attributes": {"region": REGION, "endpoint": simulator.url, **attributes},
        }
    )


def a_job(job_type: JobType, behaviour: Behaviour, **changes: Any) -> Job:
    return Job(
        name="load",
        platform="aws",
        job_type=job_type,
        external_id=f"job-{behaviour.value.replace(' ', '-')}",
        parameters=(ROWS,),
    ).model_copy(update=changes)


def jobs_of(job_type: JobType, **changes: Any) -> dict[Behaviour, Job]:
    return {each: a_job(job_type, each, **changes) for each in (*BEHAVIOURS, Behaviour.MISSING)}


def runs_with(
    simulator: SimulatorProcess, service: str, has_token: Callable[[dict[str, Any], str], bool]
) -> Callable[[SubmitRequest], Sequence[str]]:
    """Return the function that finds the runs of a request among the accepted submits."""
    return lambda request: [
        line["run_id"]
        for line in simulator.submissions()
        if line.get("service") == service and has_token(line, request.token)
    ]


GLUE_SCRIPTS = {
    Behaviour.SUCCEEDS: "s3://simulator/run",
    Behaviour.FAILS: "s3://simulator/run?error=no+sales",
    Behaviour.HANGS: "s3://simulator/run?seconds=120",
}


def put_glue_job(simulator: SimulatorProcess, name: str, script: str, **options: Any) -> None:
    """Create a Glue job, or replace it."""
    simulator.control("POST", "glue/DeleteJob", {"JobName": name})
    body = {
        "Name": name,
        "Role": "arn:aws:iam::123456789012:role/glue",
        "Command": {"Name": "glueetl", "ScriptLocation": script},
        "DefaultArguments": {"--rows": "1", "--TempDir": "s3://temp", "--enable-metrics": ""},
        "ExecutionProperty": {"MaxConcurrentRuns": 100},
        **options,
    }
    simulator.control("POST", "glue/CreateJob", body)


def glue(simulators: Simulators) -> JobTypeCase:
    """Return the case of GlueJob."""
    simulator = simulator_of(simulators)
    jobs = jobs_of(JobType.GLUE_JOB)
    for behaviour, script in GLUE_SCRIPTS.items():
        put_glue_job(simulator, jobs[behaviour].external_id, script)
    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator, PlatformType.AWS_GLUE),
        jobs=jobs,
        endpoints={
            Step.SUBMIT: "StartJobRun",
            Step.READ: "GetJobRun",
            Step.DETAILS: "GetJobRun",
            Step.CANCEL: "BatchStopJobRun",
            Step.FIND: "GetJobs",
            Step.DESCRIBE: "GetJob",
            Step.TEST: "GetJobs",
        },
        started_runs=runs_with(
            simulator,
            "glue",
            lambda line, token: line["arguments"].get("--polysync-attempt") == token,
        ),
        failure=("", "no sales"),
        unknown_state={"JobRun": {"JobRunState": "DREAMING"}},
        unknown_runs=UNKNOWN_RUNS,
        refused=(
            ({"external_id": "a" * 256}, "externalId"),
            ({"external_id": "lo\u200bad"}, "externalId"),
            ({"settings": {"glueVersion": "4.0"}}, "settings.glueVersion"),
            ({"settings": {"workerType": "G.1"}}, "settings.workerType"),
            ({"settings": {"numberOfWorkers": 0}}, "settings.numberOfWorkers"),
            ({"settings": {"numberOfWorkers": "2"}}, "settings.numberOfWorkers"),
            ({"settings": {"timeoutMinutes": 10_081}}, "settings.timeoutMinutes"),
            ({"settings": {"executionClass": "CHEAP"}}, "settings.executionClass"),
            (
                {"settings": {"workerType": "G.1X", "maxCapacity": 2.0}},
                "settings.maxCapacity",
            ),
            (
                {"settings": {"numberOfWorkers": 2, "maxCapacity": 2.0}},
                "settings.maxCapacity",
            ),
            ({"parameters": (Parameter(name="JOB_NAME"),)}, "parameters[0].name"),
            ({"parameters": (Parameter(name="a"), Parameter(name="--a"))}, "parameters[1].name"),
        ),
        parameters=(ROWS,),
        accepts_undeclared="a script may read arguments that have no default",
        foreign_addresses=NO_ADDRESSES,
    )


BATCH_COMMANDS = {
    Behaviour.SUCCEEDS: ["load", "Ref::rows"],
    Behaviour.FAILS: ["exit", "3", "no sales"],
    Behaviour.HANGS: ["sleep", "120"],
}


def put_definition(
    simulator: SimulatorProcess, name: str, command: list[str], **options: Any
) -> None:
    """Register a revision of a job definition."""
    body = {
        "jobDefinitionName": name,
        "type": "container",
        "parameters": {"rows": "1"},
        "containerProperties": {"image": "busybox", "command": command},
        **options,
    }
    simulator.control("POST", "batch/RegisterJobDefinition", body)


def batch(simulators: Simulators) -> JobTypeCase:
    """Return the case of AwsBatchJob."""
    simulator = simulator_of(simulators)
    jobs = jobs_of(JobType.AWS_BATCH_JOB)
    simulator.control("POST", "batch/CreateJobQueue", {"jobQueueName": "nightly"})
    for behaviour, command in BATCH_COMMANDS.items():
        put_definition(simulator, jobs[behaviour].external_id, command)
    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator, PlatformType.AWS_BATCH, defaultJobQueue="nightly"),
        jobs=jobs,
        endpoints={
            Step.SUBMIT: "SubmitJob",
            Step.READ: "DescribeJobs",
            Step.DETAILS: "DescribeJobs",
            Step.CANCEL: "TerminateJob",
            Step.FIND: "DescribeJobDefinitions",
            Step.DESCRIBE: "DescribeJobDefinitions",
            Step.TEST: "DescribeJobQueues",
        },
        started_runs=runs_with(
            simulator, "batch", lambda line, token: line["jobName"] == f"polysync-{token}"
        ),
        failure=("attempt 1", "no sales"),
        unknown_state={"jobs": [{"status": "DREAMING"}]},
        unknown_runs=UNKNOWN_RUNS,
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"external_id": "load:0"}, "externalId"),
            ({"external_id": "arn:aws:batch:us-east-1:1:job-definition/load"}, "externalId"),
            ({"settings": {"jobQueue": "a b"}}, "settings.jobQueue"),
            ({"settings": {"retryAttempts": 11}}, "settings.retryAttempts"),
            ({"settings": {"arraySize": 1}}, "settings.arraySize"),
            ({"settings": {"attemptDurationSeconds": 59}}, "settings.attemptDurationSeconds"),
            ({"settings": {"tags": {"cost": 1}}}, "settings.tags.cost"),
            ({"settings": {"dependsOn": [{"type": "N_TO_N"}]}}, "settings.dependsOn[0]"),
            ({"settings": {"command": ["rm"]}}, "settings.command"),
        ),
        parameters=(ROWS,),
        accepts_undeclared="Batch ignores values without a placeholder",
        foreign_addresses=NO_ADDRESSES,
    )


SAGEMAKER_STEPS: dict[Behaviour, list[dict[str, Any]]] = {
    Behaviour.SUCCEEDS: [{"Name": "Train", "Type": "Training", "Arguments": {}}],
    Behaviour.FAILS: [
        {"Name": "Train", "Type": "Training", "Arguments": {}},
        {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "no sales"}},
    ],
    Behaviour.HANGS: [
        {"Name": "Train", "Type": "Training", "Arguments": {"SimulatorSeconds": 120}}
    ],
}


def put_pipeline(
    simulator: SimulatorProcess, name: str, steps: list[dict[str, Any]], **options: Any
) -> None:
    """Create a pipeline, or replace it."""
    declared = {"Name": "rows", "Type": "Integer", "DefaultValue": 1}
    definition = {"Version": "2020-12-01", "Parameters": [declared], "Steps": steps}
    body = {
        "PipelineName": name,
        "PipelineDefinition": json.dumps(definition),
        "RoleArn": "arn:aws:iam::123456789012:role/pipelines",
        "ClientRequestToken": "t" * 32,
        **options,
    }
    simulator.control("POST", "sagemaker/CreatePipeline", body)


def sagemaker(simulators: Simulators) -> JobTypeCase:
    """Return the case of SageMakerPipeline."""
    simulator = simulator_of(simulators)
    rows = Parameter(name="rows", data_type=DataType.INT, default=1)
    jobs = jobs_of(JobType.SAGEMAKER_PIPELINE, parameters=(rows,))
    for behaviour, steps in SAGEMAKER_STEPS.items():
        put_pipeline(simulator, jobs[behaviour].external_id, steps)
    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator, PlatformType.AWS_SAGEMAKER, studioDomainId="d-abc123"),
        jobs=jobs,
        endpoints={
            Step.SUBMIT: "StartPipelineExecution",
            Step.READ: "DescribePipelineExecution",
            Step.DETAILS: "ListPipelineExecutionSteps",
            Step.CANCEL: "StopPipelineExecution",
            Step.FIND: "ListPipelines",
            Step.DESCRIBE: "DescribePipeline",
            Step.TEST: "ListPipelines",
        },
        started_runs=runs_with(
            simulator,
            "sagemaker",
            lambda line, token: line["token"].strip("-") == f"polysync-{token}",
        ),
        failure=("Stop", "no sales"),
        unknown_state={"PipelineExecutionStatus": "Dreaming"},
        unknown_runs=(
            *UNKNOWN_RUNS,
            "arn:aws:sagemaker:us-east-1:123456789012:pipeline/none/execution/abc123",
        ),
        refused=(
            ({"external_id": "a_b"}, "externalId"),
            ({"external_id": "-a"}, "externalId"),
            ({"settings": {"executionDisplayName": "a b"}}, "settings.executionDisplayName"),
            (
                {"settings": {"maxParallelExecutionSteps": 0}},
                "settings.maxParallelExecutionSteps",
            ),
            ({"settings": {"retryFrom": "Middle"}}, "settings.retryFrom"),
            ({"settings": {"steps": ["Train"]}}, "settings.steps"),
            ({"parameters": (Parameter(name="a.b"),)}, "parameters[0].name"),
            ({"parameters": tuple(Parameter(name=f"p{i}") for i in range(201))}, "parameters"),
        ),
        parameters=(rows,),
        foreign_addresses=NO_ADDRESSES,
    )


CASES: dict[str, MakeCase] = {
    JobType.GLUE_JOB: glue,
    JobType.AWS_BATCH_JOB: batch,
    JobType.SAGEMAKER_PIPELINE: sagemaker,
}
