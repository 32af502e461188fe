"""Verifies the simulator of Azure Batch."""

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
    JobType.AZURE_BATCH_JOB: Verification(
        simulator="simulators.azure_compute",
        official_client=OfficialClient(
            package="azure-batch",
            client="azure.batch.BatchClient",
            tests="azure_compute",
            calls={
                Ability.SUBMIT: "create_tasks",
                Ability.READ: "get_job_task_counts",
                Ability.CANCEL: "begin_terminate_job",
                Ability.DISCOVER: "list_jobs",
                Ability.PARAMETERS: "list_tasks",
                Ability.RUNS: "list_jobs",
                Ability.DETAILS: "list_tasks",
                Ability.TEST: "list_jobs",
            },
        ),
        notes=("It creates a job, then its tasks as a collection.", PLAIN_HTTP),
        open_questions=(
            "the delay of the counts of tasks behind the tasks",
            STOPPED_AGAIN,
        ),
    )
}
