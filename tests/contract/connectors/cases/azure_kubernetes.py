"""The cases of Azure Kubernetes Service, whose simulator runs a program by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.job_type_case import (
    Behaviour,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)
from tests.fakes.simulators import SimulatorProcess

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-111122223333"
PROGRAMS = {
    Behaviour.SUCCEEDS: "succeed",
    Behaviour.FAILS: "fail",
    Behaviour.HANGS: "hang",
    Behaviour.RETURNS_OUTPUTS: "echo",
}
FOLDERS = {JobType.AKS_JOB: "jobs", JobType.AKS_CRON_JOB: "cronjobs"}
_NAMESPACE = "apis/batch/v1/namespaces/batch"


def start_simulator(simulators: Simulators) -> SimulatorProcess:
    options = ("--start-seconds", "0.02", "--run-seconds", "0.02", "--page-size", "5")
    return simulators.simulator("simulators.azure_compute", *options)


def platform_of(simulator: SimulatorProcess, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "cluster",
            "type": "AzureKubernetes",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "subscriptionId": SUBSCRIPTION,
                "resourceGroupName": "rg-data",
                "clusterName": "analytics",
                "namespace": "batch",
                "endpoint": simulator.url,
                **attributes,
            },
        }
    )


def a_job(job_type: JobType, external_id: str, **settings: Any) -> Job:
    return Job(
        name="load",
        platform="cluster",
        job_type=job_type,
        external_id=external_id,
        settings=settings,
    )


def a_specification(program: str, **variables: str) -> dict[str, Any]:
    """Return the specification of a Kubernetes Job."""
    container = {
        "name": "main",
        "image": "registry.example/load:1",
        "command": [program],
        "env": [{"name": name, "value": value} for name, value in variables.items()],
    }
    return {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}


def put(simulator: SimulatorProcess, kind: str, name: str, spec: dict[str, Any]) -> None:
    """Create a Job or CronJob unless it exists."""
    if kind == "cronjobs":
        spec = {"schedule": "0 6 * * *", "suspend": True, "jobTemplate": {"spec": spec}}
    headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
    body = {"metadata": {"name": name}, "spec": spec}
    simulator.call("POST", f"{_NAMESPACE}/{kind}", body, **headers)


def _case(simulators: Simulators, job_type: JobType) -> JobTypeCase:
    simulator = start_simulator(simulators)
    kind = FOLDERS[job_type]
    jobs = {Behaviour.MISSING: a_job(job_type, "gone")}
    for behaviour, program in PROGRAMS.items():
        name = f"{kind}-{behaviour.name.lower().replace('_', '-')}"
        variables = {"rows": "1", "path": "a$b"} if program == "echo" else {"rows": "1"}
        put(simulator, kind, name, a_specification(program, **variables))
        returns = {"outputsFromTerminationMessage": True} if program == "echo" else {}
        jobs[behaviour] = a_job(job_type, name, **returns)

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        found = simulator.control("GET", "kubernetes/jobs")["jobs"]
        return [each["name"] for each in found if each["run"] == request.run_name]

    return JobTypeCase(
        simulator=simulator,
        platform=platform_of(simulator),
        jobs=jobs,
        endpoints={
            Step.SUBMIT: "POST k8s/jobs",
            Step.READ: "GET k8s/jobs/*",
            Step.DETAILS: "GET k8s/pods",
            Step.CANCEL: "PATCH k8s/jobs/*",
            Step.FIND: f"GET k8s/{kind}",
            Step.DESCRIBE: f"GET k8s/{kind}/*",
            Step.TEST: "GET k8s/jobs",
        },
        started_runs=started_runs,
        failure=("main", "no sales today"),
        unknown_state={"status": {"conditions": [{"type": "Dreaming", "status": "True"}]}},
        unknown_runs=("load-4711", "", "../jobs", "a/status", "a b", "a?b", "x" * 64, "Upper"),
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"external_id": "Upper"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"containerName": "a/b"}}, "settings.containerName"),
            ({"settings": {"keepSeconds": 5}}, "settings.keepSeconds"),
            ({"parameters": (Parameter(name="a b"),)}, "parameters[0].name"),
        ),
        parameters=(Parameter(name="rows", default="1"),),
        accepts_undeclared="a container may read any environment variable",
        outputs={"rows": "1", "path": "a$b"},
        foreign_addresses="Kubernetes continues a list by a token, not by an address",
    )


CASES: dict[str, MakeCase] = {
    JobType.AKS_JOB: lambda simulators: _case(simulators, JobType.AKS_JOB),
    JobType.AKS_CRON_JOB: lambda simulators: _case(simulators, JobType.AKS_CRON_JOB),
}
