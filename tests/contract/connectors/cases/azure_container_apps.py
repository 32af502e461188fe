"""The case of Azure Container Apps, whose simulator runs a program by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.cases.azure_kubernetes import (
    PROGRAMS,
    SUBSCRIPTION,
    start_simulator,
)
from tests.contract.connectors.job_type_case import (
    FOREIGN_HOST,
    Behaviour,
    ForeignAddress,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)
from tests.fakes.simulators import SimulatorProcess

_JOBS = f"subscriptions/{SUBSCRIPTION}/resourceGroups/rg-data/providers/Microsoft.App/jobs"
_VERSION = "api-version=2026-07-01"
_HEADERS = {"Authorization": "Bearer x", "Content-Type": "application/json"}


def platform_of(simulator: SimulatorProcess, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "apps",
            "type": "AzureContainerApps",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "subscriptionId": SUBSCRIPTION,
                "resourceGroupName": "rg-data",
                "endpoint": simulator.url,
                **attributes,
            },
        }
    )


def a_job(external_id: str, **settings: Any) -> Job:
    return Job(
        name="load",
        platform="apps",
        job_type=JobType.CONTAINER_APPS_JOB,
        external_id=external_id,
        settings=settings,
    )


def put(simulator: SimulatorProcess, name: str, program: str, **variables: str) -> None:
    container = {
        "name": "main",
        "image": "registry.example/load:1",
        "command": [program],
        "env": [
            *({"name": key, "value": value} for key, value in variables.items()),
            {"name": "KEY", "secretRef": "key"},
        ],
        "volumeMounts": [{"volumeName": "data", "mountPath": "/data"}],
    }
    configuration = {"triggerType": "Manual", "replicaTimeout": 60, "replicaRetryLimit": 0}
    properties = {"configuration": configuration, "template": {"containers": [container]}}
    simulator.call("PUT", f"{_JOBS}/{name}?{_VERSION}", {"properties": properties}, **_HEADERS)


def case(simulators: Simulators) -> JobTypeCase:
    """Return the case of ContainerAppsJob."""
    simulator = start_simulator(simulators)
    jobs = {Behaviour.MISSING: a_job("gone")}
    for behaviour, program in PROGRAMS.items():
        if program != "echo":
            put(simulator, f"job-{program}", program, rows="1")
            jobs[behaviour] = a_job(f"job-{program}")

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        path = f"{_JOBS}/{request.job.external_id}/executions?{_VERSION}"
        found: list[str] = []
        while path:
            answer = simulator.call("GET", path, **_HEADERS)
            found += [each["name"] for each in answer["value"] if request.token in str(each)]
            path = answer.get("nextLink", "").removeprefix(f"{simulator.url}/")
        return found

    return JobTypeCase(
        simulator=simulator,
        platform=platform_of(simulator),
        jobs=jobs,
        endpoints={
            Step.SUBMIT: "POST Microsoft.App/jobs/*/start",
            Step.READ: "GET Microsoft.App/jobs/*/executions/*",
            Step.DETAILS: "GET Microsoft.App/jobs/*/executions/*",
            Step.CANCEL: "POST Microsoft.App/jobs/*/stop",
            Step.FIND: "GET Microsoft.App/jobs",
            Step.DESCRIBE: "GET Microsoft.App/jobs/*",
            Step.TEST: "GET Microsoft.App/jobs",
        },
        started_runs=started_runs,
        failure=("main", "no sales today"),
        unknown_state={"properties": {"status": "Dreaming"}},
        unknown_runs=("job-4711", "", "../jobs", "a/stop", "a b", "a?b", "x" * 99),
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"external_id": "Upper"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"containerName": "a/b"}}, "settings.containerName"),
            ({"parameters": (Parameter(name="a=b"),)}, "parameters[0].name"),
        ),
        parameters=(Parameter(name="rows", default="1"), Parameter(name="KEY")),
        accepts_undeclared="a container may read any environment variable",
        foreign_addresses=(
            ForeignAddress(Step.FIND, {"nextLink": f"https://{FOREIGN_HOST}/jobs"}),
        ),
    )


CASES: dict[str, MakeCase] = {JobType.CONTAINER_APPS_JOB: case}
