"""The case of Azure Batch, whose simulator runs a program by its name."""

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

_VERSION = "api-version=2024-07-01.20.0"
_HEADERS = {
    "Authorization": "Bearer x",
    "Content-Type": "application/json; odata=minimalmetadata",
}


def platform_of(simulator: SimulatorProcess, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "batch",
            "type": "AzureBatch",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "subscriptionId": SUBSCRIPTION,
                "resourceGroupName": "rg-data",
                "batchAccountUrl": "https://analytics.westeurope.batch.azure.com",
                "endpoint": simulator.url,
                **attributes,
            },
        }
    )


def a_job(external_id: str, **settings: Any) -> Job:
    return Job(
        name="load",
        platform="batch",
        job_type=JobType.AZURE_BATCH_JOB,
        external_id=external_id,
        settings=settings,
    )


def a_task(name: str, program: str, **variables: str) -> dict[str, Any]:
    settings = [{"name": key, "value": value} for key, value in variables.items()]
    return {"id": name, "commandLine": program, "environmentSettings": settings}


def put(simulator: SimulatorProcess, name: str, *tasks: dict[str, Any], **facts: Any) -> None:
    job = {"id": name, "poolInfo": {"poolId": "small"}, **facts}
    simulator.call("POST", f"jobs?{_VERSION}", job, **_HEADERS)
    path = f"jobs/{name}/addtaskcollection?{_VERSION}"
    simulator.call("POST", path, {"value": [*tasks]}, **_HEADERS)


def case(simulators: Simulators) -> JobTypeCase:
    """Return the case of AzureBatchJob."""
    simulator = start_simulator(simulators)
    jobs = {Behaviour.MISSING: a_job("gone")}
    for behaviour, program in PROGRAMS.items():
        if program != "echo":
            put(simulator, f"job-{program}", a_task("only", program, rows="1"))
            jobs[behaviour] = a_job(f"job-{program}")

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        path = f"jobs?{_VERSION}"
        found: list[str] = []
        while path:
            answer = simulator.call("GET", path, **_HEADERS)
            found += [
                each["id"]
                for each in answer["value"]
                if each.get("displayName") == request.run_name
            ]
            path = answer.get("odata.nextLink", "").removeprefix(f"{simulator.url}/")
        return found

    return JobTypeCase(
        simulator=simulator,
        platform=platform_of(simulator),
        jobs=jobs,
        endpoints={
            Step.SUBMIT: "POST batch/jobs",
            Step.READ: "GET batch/jobs/*/taskcounts",
            Step.DETAILS: "GET batch/jobs/*/tasks",
            Step.CANCEL: "POST batch/jobs/*/terminate",
            Step.FIND: "GET batch/jobs",
            Step.DESCRIBE: "GET batch/jobs/*",
            Step.TEST: "GET batch/jobs",
        },
        started_runs=started_runs,
        failure=("only", "no sales today"),
        unknown_state={"taskCounts": {"dreaming": 1}},
        unknown_runs=("job-4711", "", "../jobs", "a/terminate", "a b", "a?b", "x" * 65, "a:b"),
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"external_id": "jobschedules/"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"parameters": (Parameter(name="a=b"),)}, "parameters[0].name"),
        ),
        parameters=(Parameter(name="rows", default="1"),),
        accepts_undeclared="a task may read any environment variable",
        foreign_addresses=(
            ForeignAddress(Step.FIND, {"odata.nextLink": f"https://{FOREIGN_HOST}/jobs"}),
        ),
    )


CASES: dict[str, MakeCase] = {JobType.AZURE_BATCH_JOB: case}
