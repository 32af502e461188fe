"""Verifies the simulator of Google Dataflow."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import (
    STOPPED_AGAIN,
    Ability,
    OfficialClient,
    Verification,
)

_PACKAGE = "google.cloud.dataflow_v1beta3"


def _verified(client: str, **calls: str) -> Verification:
    return Verification(
        simulator="simulators.google_cloud",
        official_client=OfficialClient(
            package="google-cloud-dataflow-client",
            client=f"{_PACKAGE}.{client}",
            more_clients=[
                f"{_PACKAGE}.{name}"
                for name in ("TemplatesServiceClient", "JobsV1Beta3Client", "MessagesV1Beta3Client")
            ],
            tests="google_cloud",
            calls={
                Ability.READ: "get_job",
                Ability.CANCEL: "update_job",
                Ability.PARAMETERS: "get_template",
                Ability.RUNS: "list_jobs",
                Ability.OUTPUTS: "get_job",
                Ability.DETAILS: "list_job_messages",
                Ability.TEST: "list_jobs",
                **{Ability(name): call for name, call in calls.items()},
            },
        ),
        notes=("Through its REST transport. The list of template files has no client there.",),
        open_questions=(
            STOPPED_AGAIN,
            "the lag of the list of jobs, by whose names a lost launch is found (4 minutes)",
            "whether `fields=environment` leaves out the steps of a large job",
            "the texts about a template that cannot be opened, which tell that it is missing",
        ),
    )


VERIFICATIONS: Mapping[str, Verification] = {
    JobType.DATAFLOW_CLASSIC_TEMPLATE: _verified(
        "TemplatesServiceClient", submit="launch_template"
    ),
    JobType.DATAFLOW_FLEX_TEMPLATE: _verified(
        "FlexTemplatesServiceClient", submit="launch_flex_template"
    ),
}
