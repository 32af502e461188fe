"""The case of dbt Cloud: scripted jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.job_type_case import (
    LONG_OUTPUT_LENGTH,
    Behaviour,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)
from tests.fakes.simulators import SimulatorProcess

STEPS = ["dbt deps", "dbt build --vars '{rows: 1, day: \"2026-01-01\"}'"]
SCHEMA = (
    Parameter(name="rows", data_type=DataType.INT, default=1),
    Parameter(name="day", default="2026-01-01"),
)
RESULTS = {"model.sales.a": "success", "model.sales.b": "success", "test.sales.c": "pass"}
SCRIPTS: Mapping[Behaviour, dict[str, Any]] = {
    Behaviour.SUCCEEDS: {},
    Behaviour.FAILS: {"outcome": "error", "logs": "Database Error: no sales today"},
    Behaviour.HANGS: {"seconds": None},
    Behaviour.RETURNS_OUTPUTS: {"results": RESULTS},
    Behaviour.RETURNS_LONG_OUTPUT: {"results": {"x" * LONG_OUTPUT_LENGTH: "success"}},
}
NUMBERS = {each: str(70400 + index) for index, each in enumerate([*SCRIPTS, Behaviour.MISSING])}
GIVES = frozenset({Behaviour.RETURNS_OUTPUTS, Behaviour.RETURNS_LONG_OUTPUT})


def dbt_cloud(simulators: Simulators) -> JobTypeCase:
    """Return the case of DbtCloudJob."""
    simulator = simulators.simulator("simulators.dbt_cloud", "--page-size", "3")
    for behaviour, script in SCRIPTS.items():
        put_job(
            simulator,
            NUMBERS[behaviour],
            name=f"Nightly {behaviour.value}",
            execute_steps=STEPS,
            **script,
        )
    put_job(simulator, "71000", name="Slim CI", job_type="ci")

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        mark = f"(polysync {request.token})"
        lines = simulator.submissions()
        return [str(each["run_id"]) for each in lines if each["cause"].endswith(mark)]

    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator),
        jobs={each: a_job(each) for each in NUMBERS},
        endpoints={
            Step.SUBMIT: "jobs/*/run",
            Step.READ: "GET runs/*",
            Step.DETAILS: "GET runs/*",
            Step.CANCEL: "runs/*/cancel",
            Step.FIND: "GET jobs",
            Step.DESCRIBE: "GET jobs/*",
            Step.TEST: "account",
        },
        started_runs=started_runs,
        failure=(f"Invoke dbt with `{STEPS[1]}`", "no sales today"),
        unknown_state={"data": {"id": 1, "status": 99}},
        unknown_runs=("999999999", "", "0", "../runs", "abc", "1?x=2", "9" * 5000, "\u0661"),
        refused=(
            ({"external_id": "nightly"}, "externalId"),
            ({"external_id": "070403"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"threadsOverride": 0}}, "settings.threadsOverride"),
            ({"settings": {"stepsOverride": []}}, "settings.stepsOverride"),
            ({"settings": {"stepsOverride": ["rm -rf /"]}}, "settings.stepsOverride[0]"),
        ),
        parameters=SCHEMA,
        typed=True,
        outputs={"total": 3, "success": 2, "pass": 1, "nodes": RESULTS},
        accepts_undeclared="a dbt project ignores variables that it does not read",
        foreign_addresses="the page of a run is built, and no answer has an address that is used",
    )


def a_platform(simulator: SimulatorProcess) -> Platform:
    return Platform.model_validate(
        {
            "name": "dbt",
            "type": "DbtCloud",
            "auth": {"method": "Token", "token": "vault://v/t"},
            "attributes": {"accountId": 12345, "endpoint": simulator.url},
        }
    )


def a_job(behaviour: Behaviour) -> Job:
    gives = behaviour in GIVES
    outputs = (Parameter(name="total", data_type=DataType.INT, direction=Direction.OUTPUT),)
    return Job(
        name="nightly",
        platform="dbt",
        job_type=JobType.DBT_CLOUD_JOB,
        external_id=NUMBERS[behaviour],
        parameters=(*SCHEMA, *(outputs if gives else ())),
        settings={"outputsFromRunResults": True} if gives else {},
    )


def put_job(simulator: SimulatorProcess, number: str, **script: Any) -> None:
    """Script a job."""
    simulator.control("PUT", f"jobs/{number}", script)


CASES: dict[str, MakeCase] = {JobType.DBT_CLOUD_JOB: dbt_cloud}
