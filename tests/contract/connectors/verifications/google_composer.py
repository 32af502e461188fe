"""Verifies the simulator of Cloud Composer, which is that of Apache Airflow."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verifications.apache_airflow import AIRFLOW_CLIENT
from tests.contract.connectors.verified_job_types import Verification

VERIFICATIONS: Mapping[str, Verification] = {
    JobType.COMPOSER_DAG: Verification(
        simulator="simulators.airflow",
        official_client=AIRFLOW_CLIENT,
        notes=("`google-cloud-orchestration-airflow` reads the address of an environment.",),
        open_questions=(
            "the answer of the proxy in front of a web server to an account without a role",
            "environments with a private web server",
        ),
    )
}
