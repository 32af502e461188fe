"""The case of Google Cloud Composer: the scripted DAGs of the simulator of Airflow."""

from __future__ import annotations

from dataclasses import replace

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform
from tests.contract.connectors.cases.apache_airflow import TASKS, a_job, dag_case
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


def composer(simulators: Simulators) -> JobTypeCase:
    """Return the case of ComposerDag, whose web server is found by its environment."""
    simulator = simulators.simulator("simulators.airflow", "--page-size", "3")
    jobs = {each: a_job(each, JobType.COMPOSER_DAG) for each in [*TASKS, Behaviour.MISSING]}
    case = dag_case(simulator, a_platform(simulator), jobs)
    foreign = {"config": {"airflowUri": f"https://{FOREIGN_HOST}"}}
    addresses = (ForeignAddress(Step.FIND, foreign, endpoint="v1/projects/*"),)
    return replace(case, foreign_addresses=addresses)


def a_platform(simulator: SimulatorProcess) -> Platform:
    return Platform.model_validate(
        {
            "name": "airflow",
            "type": "GoogleCloudComposer",
            "auth": {"method": "ApplicationDefault"},
            "attributes": {
                "projectId": "acme-data-1",
                "region": "europe-west3",
                "environmentName": "airflow3",
                "endpoint": simulator.url,
            },
        }
    )


CASES: dict[str, MakeCase] = {JobType.COMPOSER_DAG: composer}
