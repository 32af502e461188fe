"""Verifies the simulator of Azure Container Apps."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import (
    PLAIN_HTTP,
    STOPPED_AGAIN,
    Ability,
    OfficialClient,
    Verification,
)

VERIFICATIONS: Mapping[str, Verification] = {
    JobType.CONTAINER_APPS_JOB: Verification(
        simulator="simulators.azure_compute",
        official_client=OfficialClient(
            package="azure-mgmt-appcontainers",
            client="azure.mgmt.appcontainers.ContainerAppsAPIClient",
            tests="azure_compute",
            calls={
                Ability.SUBMIT: "jobs.begin_start",
                Ability.READ: "job_execution",
                Ability.CANCEL: "jobs.begin_stop_execution",
                Ability.DISCOVER: "jobs.list_by_resource_group",
                Ability.PARAMETERS: "jobs.get",
                Ability.RUNS: "jobs_executions.list",
                Ability.DETAILS: "job_execution",
                Ability.TEST: "jobs.list_by_resource_group",
            },
        ),
        notes=(PLAIN_HTTP,),
        open_questions=(
            "the answer to a start: 200 with the name, or 202 without it (both are handled)",
            "the maximum lag of the list of executions (four minutes are assumed)",
            "whether an execution with containers of its own keeps the volumes of the job",
            "`detailedStatus` of an execution, and the API version 2026-07-01 in every cloud",
            STOPPED_AGAIN,
        ),
    )
}
