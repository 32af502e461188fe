"""Verifies the simulator of Google Vertex AI."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import (
    STOPPED_AGAIN,
    Ability,
    OfficialClient,
    Verification,
)

_NOTE = (
    "Through its REST transport. It also reads the copies that Polysync makes and sends them again."
)
_LAG = "the maximum lag of the list of jobs, by whose labels a lost creation is found (4 minutes)"


def _verified(client: str, noun: str, open_questions: tuple[str, ...]) -> Verification:
    calls = {
        Ability.SUBMIT: f"create_{noun}",
        Ability.READ: f"get_{noun}",
        Ability.CANCEL: f"cancel_{noun}",
        Ability.DISCOVER: f"list_{noun}s",
        Ability.PARAMETERS: f"get_{noun}",
        Ability.RUNS: f"list_{noun}s",
        Ability.OUTPUTS: f"get_{noun}",
        Ability.TEST: f"list_{noun}s",
    }
    if noun == "custom_job":
        del calls[Ability.OUTPUTS]
    return Verification(
        simulator="simulators.google_cloud",
        official_client=OfficialClient(
            package="google-cloud-aiplatform",
            client=f"google.cloud.aiplatform_v1.{client}",
            tests="google_cloud",
            calls=calls,
        ),
        notes=(_NOTE,),
        open_questions=(STOPPED_AGAIN, *open_questions),
    )


VERIFICATIONS: Mapping[str, Verification] = {
    JobType.VERTEX_AI_PIPELINE_JOB: _verified(
        "PipelineServiceClient",
        "pipeline_job",
        (
            "results of tasks in the metadata of their executions as `output:<name>`, which the"
            " client's own code reads but the reference does not describe",
        ),
    ),
    JobType.VERTEX_AI_CUSTOM_JOB: _verified("JobServiceClient", "custom_job", (_LAG,)),
    JobType.VERTEX_AI_BATCH_PREDICTION_JOB: _verified(
        "JobServiceClient", "batch_prediction_job", (_LAG,)
    ),
}
