"""Verifies the simulator of Apache Airflow."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import (
    Ability,
    OfficialClient,
    Verification,
)

AIRFLOW_CLIENT = OfficialClient(
    package="apache-airflow-client",
    client="airflow_client.client.DagRunApi",
    more_clients=tuple(
        f"airflow_client.client.{name}"
        for name in ("DAGApi", "TaskApi", "TaskInstanceApi", "XComApi", "VersionApi")
    ),
    tests="airflow",
    calls={
        Ability.SUBMIT: "trigger_dag_run",
        Ability.READ: "get_dag_run",
        Ability.CANCEL: "patch_dag_run",
        Ability.DISCOVER: "get_dags",
        Ability.PARAMETERS: "get_dag_details",
        Ability.RUNS: "get_dag_runs",
        Ability.OUTPUTS: "get_xcom_entry",
        Ability.DETAILS: "get_task_instances",
        Ability.REPAIR: "post_clear_task_instances",
        Ability.TEST: "get_dags",
    },
)
OPEN_QUESTIONS = (
    "the texts of the refusals for values that do not fit the parameters of a DAG",
    "the time until a cleared run shows its new state",
    "auth managers that issue no tokens for passwords",
)
VERIFICATIONS: Mapping[str, Verification] = {
    JobType.AIRFLOW_DAG: Verification(
        simulator="simulators.airflow",
        official_client=AIRFLOW_CLIENT,
        open_questions=OPEN_QUESTIONS,
    ),
    f"{JobType.AIRFLOW_DAG} of Airflow 2": Verification(
        simulator="simulators.airflow",
        notes=(
            "The installed release of `apache-airflow-client` speaks the API of Airflow 3 only. The"
            " answers of the simulator and the requests of Polysync fit the published OpenAPI"
            " document of Airflow 2.10.",
        ),
        open_questions=OPEN_QUESTIONS,
    ),
}
