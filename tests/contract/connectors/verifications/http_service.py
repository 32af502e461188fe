"""Verifies the simulators of HTTP services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verifications.azure_databricks import databricks_calls
from tests.contract.connectors.verified_job_types import Verification

VERIFICATIONS: Mapping[str, Verification] = {
    JobType.HTTP_JOB: replace(
        databricks_calls(
            SUBMIT="jobs.submit", READ="jobs.get_run", CANCEL="jobs.cancel_run", TEST="jobs.list"
        ),
        notes=("The suite describes the jobs API of Databricks by settings.",),
        open_questions=("whether a service behaves as the settings say",),
    ),
}
