"""The cases of Azure AI Foundry, whose simulator computes outputs from inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import SubmitRequest
from simulators.ai_foundry.templates import literal, output, step
from tests.contract.connectors.job_type_case import (
    FOREIGN_HOST,
    LONG_OUTPUT_LENGTH,
    Behaviour,
    ForeignAddress,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)
from tests.fakes.simulators import SimulatorProcess

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-111122223333"
ATTRIBUTES = {
    "subscriptionId": SUBSCRIPTION,
    "resourceGroupName": "rg-data",
    "workspaceName": "analytics",
}
_PATH = (
    f"subscriptions/{SUBSCRIPTION}/resourceGroups/rg-data"
    "/providers/Microsoft.MachineLearningServices/workspaces/analytics"
)
_PROGRAMS = {
    Behaviour.SUCCEEDS: "echo",
    Behaviour.FAILS: "fail",
    Behaviour.HANGS: "hang",
    Behaviour.RETURNS_OUTPUTS: "echo",
    Behaviour.RETURNS_LONG_OUTPUT: "echo",
}
_GIVES = frozenset({Behaviour.RETURNS_OUTPUTS, Behaviour.RETURNS_LONG_OUTPUT})
_ENVIRONMENT = "azureml:sklearn:1"
type Define = Callable[[str, list[str]], dict[str, Any]]
"""Returns the definition that runs a program with inputs and outputs of these names."""


def start_simulator(simulators: Simulators) -> SimulatorProcess:
    options = ("--start-seconds", "0.02", "--step-seconds", "0.02", "--page-size", "7")
    return simulators.simulator("simulators.ai_foundry", *options)


def platform_of(simulator: SimulatorProcess, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "foundry",
            "type": "AzureAIFoundry",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {**ATTRIBUTES, "endpoint": simulator.url, **attributes},
        }
    )


def a_job(job_type: JobType, external_id: str, **settings: Any) -> Job:
    return Job(
        name="score",
        platform="foundry",
        job_type=job_type,
        external_id=external_id,
        settings=settings,
    )


def put(simulator: SimulatorProcess, name: str, properties: Mapping[str, Any]) -> Any:
    body = {"properties": properties}
    headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
    return simulator.call("PUT", job_path(name), body, **headers)


def job_path(name: str) -> str:
    """Return the path of a job in a version that knows registered outputs."""
    return f"{_PATH}/jobs/{name}?api-version=2024-10-01-preview"


def a_pipeline(program: str, names: list[str]) -> dict[str, Any]:
    return {
        "jobType": "Pipeline",
        "inputs": {name: literal("1") for name in names},
        "jobs": {"only": step(program, names, names)},
    }


def a_command(program: str, names: list[str]) -> dict[str, Any]:
    return {
        "jobType": "Command",
        "command": f"python {program}.py",
        "environmentId": _ENVIRONMENT,
        "inputs": {name: literal("1") for name in names},
    }


def a_sweep(program: str, names: list[str]) -> dict[str, Any]:
    return {
        "jobType": "Sweep",
        "trial": {"command": f"python {program}.py", "environmentId": _ENVIRONMENT},
        "objective": {"goal": "Minimize", "primaryMetric": "loss"},
        "samplingAlgorithm": {"samplingAlgorithmType": "Random"},
        "limits": {"jobLimitsType": "Sweep", "maxTotalTrials": 1},
        "searchSpace": {name: ["choice", [["1"]]] for name in names},
    }


def _case(
    simulators: Simulators, job_type: JobType, define: Define, settings: str, **facts: Any
) -> JobTypeCase:
    simulator = start_simulator(simulators)
    jobs = {Behaviour.MISSING: a_job(job_type, "gone")}
    for behaviour, program in _PROGRAMS.items():
        external_id = f"{job_type}-{behaviour.name.lower()}"
        names = ["rows", "path"] if behaviour in _GIVES else ["rows"]
        outputs = {name: output() for name in names[1:] and names}
        shown = {"displayName": f"{job_type} {behaviour}", "outputs": outputs}
        put(simulator, external_id, {**define(program, names), **shown})
        jobs[behaviour] = a_job(job_type, external_id)

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        # The display name also finds a copy under a wrong name.
        lines = [x for x in simulator.submissions() if x["display_name"] == request.run_name]
        return sorted({line["name"] for line in lines})

    return JobTypeCase(
        simulator=simulator,
        platform=platform_of(simulator),
        jobs=jobs,
        endpoints={
            Step.SUBMIT: "PUT jobs/*",
            Step.READ: "GET jobs/*",
            Step.DETAILS: "GET jobs/*",
            Step.CANCEL: "POST jobs/*/cancel",
            Step.FIND: "GET jobs",
            Step.DESCRIBE: "GET jobs/*",
            Step.TEST: "GET workspace",
        },
        started_runs=started_runs,
        failure=("only" if job_type is JobType.AI_FOUNDRY_PIPELINE_JOB else "", "no sales today"),
        unknown_state={"properties": {"status": "Dreaming"}},
        unknown_runs=("polysync-4711", "", "../jobs", "a/cancel", "a b", "a?b", "x" * 256),
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"external_id": "_a"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"aiFoundryComputeName": "a/b"}}, "settings.aiFoundryComputeName"),
            ({"settings": {settings: 5}}, f"settings.{settings}"),
        ),
        typed=True,
        outputs={"rows": "1", "path": "1"},
        long_output_values={"rows": "1", "path": "x" * LONG_OUTPUT_LENGTH},
        foreign_addresses=(
            ForeignAddress(Step.FIND, {"nextLink": f"https://{FOREIGN_HOST}/jobs"}),
        ),
        **facts,
    )


def pipeline(simulators: Simulators) -> JobTypeCase:
    """Return the case of AIFoundryPipelineJob."""
    return _case(
        simulators,
        JobType.AI_FOUNDRY_PIPELINE_JOB,
        a_pipeline,
        "aiFoundryComputeName",
        parameters=(Parameter(name="rows", default="1"),),
    )


def command(simulators: Simulators) -> JobTypeCase:
    """Return the case of AIFoundryCommandJob."""
    return _case(
        simulators,
        JobType.AI_FOUNDRY_COMMAND_JOB,
        a_command,
        "aiFoundryCommand",
        parameters=(Parameter(name="rows", default="1"),),
    )


def sweep(simulators: Simulators) -> JobTypeCase:
    """Return the case of AIFoundrySweepJob."""
    return _case(
        simulators,
        JobType.AI_FOUNDRY_SWEEP_JOB,
        a_sweep,
        "aiFoundryObjectiveGoal",
        parameters=(Parameter(name="rows", description='choice ["1"]'),),
    )


CASES: dict[str, MakeCase] = {
    JobType.AI_FOUNDRY_PIPELINE_JOB: pipeline,
    JobType.AI_FOUNDRY_COMMAND_JOB: command,
    JobType.AI_FOUNDRY_SWEEP_JOB: sweep,
}
