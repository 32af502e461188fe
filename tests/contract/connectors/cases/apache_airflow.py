"""The cases of Apache Airflow: scripted DAGs, by the APIs of Airflow 3 and of Airflow 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

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

PARAMS: Mapping[str, Any] = {
    "rows": {"value": 1, "schema": {"type": "integer"}, "description": "The number of rows."},
    "day": {"value": None, "schema": {"type": ["null", "string"], "format": "date"}},
    "share": {"value": 2, "schema": {"type": "number"}},
    "options": {"value": {"fast": True}, "schema": {"type": "object"}},
    "plain": {"value": "x"},
}
SCHEMA = (
    Parameter(name="rows", data_type=DataType.INT, default=1, description="The number of rows."),
    Parameter(name="day"),
    Parameter(name="share", data_type=DataType.FLOAT, default=2.0),
    Parameter(name="options", data_type=DataType.JSON, default={"fast": True}),
    Parameter(name="plain", default="x"),
)
FIRST = {"task_id": "first", "downstream": ["load"]}
TASKS: Mapping[Behaviour, list[dict[str, Any]]] = {
    Behaviour.SUCCEEDS: [FIRST, {"task_id": "load"}],
    Behaviour.FAILS: [
        FIRST,
        {"task_id": "load", "outcome": "failed", "log": "no sales today", "retries": 1},
    ],
    Behaviour.HANGS: [FIRST, {"task_id": "load", "seconds": None}],
    Behaviour.RETURNS_OUTPUTS: [FIRST, {"task_id": "load", "return_value": {"total": 7}}],
    Behaviour.RETURNS_LONG_OUTPUT: [
        {"task_id": "load", "return_value": {"much": "x" * LONG_OUTPUT_LENGTH, "total": 7}}
    ],
}
GIVES = frozenset({Behaviour.RETURNS_OUTPUTS, Behaviour.RETURNS_LONG_OUTPUT})


def dags(simulators: Simulators, deployment: str = "airflow3") -> JobTypeCase:
    """Return the case of AirflowDag for one version of the API."""
    simulator = simulators.simulator("simulators.airflow", "--page-size", "3")
    return dag_case(
        simulator,
        a_platform(simulator, deployment),
        {each: a_job(each) for each in [*TASKS, Behaviour.MISSING]},
    )


def dag_case(
    simulator: SimulatorProcess, platform: Platform, jobs: Mapping[Behaviour, Job]
) -> JobTypeCase:
    """Return the case of a job type that runs the scripted DAGs."""
    for behaviour, tasks in TASKS.items():
        put_dag(simulator, dag_id_of(behaviour), tasks=tasks, params=PARAMS)
    put_dag(simulator, "gone", is_active=False)
    put_dag(simulator, "broken", has_import_errors=True)

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        wanted = f"polysync-{request.token}"
        return [each["run_id"] for each in simulator.submissions() if each["run_id"] == wanted]

    return JobTypeCase(
        simulator=simulator,
        platform=platform,
        jobs=jobs,
        endpoints={
            Step.SUBMIT: "POST dags/*/dagRuns",
            Step.READ: "GET dags/*/dagRuns/*",
            Step.DETAILS: "GET dags/*/logs/*",
            Step.CANCEL: "PATCH dags/*/dagRuns/*",
            Step.FIND: "GET dags",
            Step.DESCRIBE: "GET dags/*/details",
            Step.TEST: "GET dags",
        },
        started_runs=started_runs,
        failure=("load", "no sales today"),
        unknown_state={"state": "dreaming"},
        unknown_runs=("manual__2026-01-01T00:00:00+00:00", "", ".", "..", "../x", "a b", "a?b"),
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"external_id": ".."}, "externalId"),
            ({"external_id": "load sales"}, "externalId"),
            ({"external_id": "x" * 251}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"retryFrom": "failure"}}, "settings.retryFrom"),
            ({"settings": {"outputTask": "load"}}, "settings.outputTask"),
            (
                {"settings": {"outputsFromXcom": True, "outputTask": "a/b"}},
                "settings.outputTask",
            ),
        ),
        parameters=SCHEMA,
        typed=True,
        outputs={"total": 7},
        accepts_undeclared="the conf of a DAG run takes any name",
        foreign_addresses="Airflow answers with no addresses",
    )


def a_platform(simulator: SimulatorProcess, deployment: str = "airflow3") -> Platform:
    auth = {"method": "UserPassword", "username": "polysync", "password": "vault://v/p"}
    return Platform.model_validate(
        {
            "name": "airflow",
            "type": "ApacheAirflow",
            "auth": auth,
            "attributes": {
                "airflowUrl": f"https://airflow.example.com/{deployment}",
                "endpoint": simulator.url,
            },
        }
    )


def a_job(behaviour: Behaviour, job_type: str = JobType.AIRFLOW_DAG) -> Job:
    outputs = (Parameter(name="total", data_type=DataType.INT, direction=Direction.OUTPUT),)
    gives = behaviour in GIVES
    return Job(
        name="load",
        platform="airflow",
        job_type=job_type,
        external_id=dag_id_of(behaviour),
        parameters=(*SCHEMA, *(outputs if gives else ())),
        settings={"outputsFromXcom": True} if gives else {},
    )


def dag_id_of(behaviour: Behaviour) -> str:
    """Return the id of a scripted DAG, with a dot and letters outside of ASCII."""
    return f"verkäufe.{behaviour.name.lower()}"


def put_dag(simulator: SimulatorProcess, dag_id: str, **script: Any) -> None:
    """Script a DAG."""
    simulator.control("PUT", f"dags/{quote(dag_id)}", script)


CASES: dict[str, MakeCase] = {
    JobType.AIRFLOW_DAG: dags,
    f"{JobType.AIRFLOW_DAG} of Airflow 2": partial(dags, deployment="airflow2"),
}
