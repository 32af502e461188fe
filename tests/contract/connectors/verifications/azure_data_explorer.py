"""Verifies the simulator of Azure Data Explorer."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import (
    Ability,
    OfficialClient,
    Verification,
)

VERIFICATIONS: Mapping[str, Verification] = {
    JobType.DATA_EXPLORER_COMMAND: Verification(
        simulator="simulators.data_explorer",
        official_client=OfficialClient(
            package="azure-kusto-data",
            client="azure.kusto.data.KustoClient",
            tests="data_explorer",
            calls={
                Ability.SUBMIT: "execute",
                Ability.READ: "execute_mgmt",
                Ability.CANCEL: "execute_mgmt",
                Ability.OUTPUTS: "execute_mgmt",
                Ability.TEST: "execute_mgmt",
            },
        ),
        notes=("It makes the same two calls for every ability.",),
        open_questions=(
            "how the service reads a text as the value of a `datetime` parameter (a literal such"
            " as `datetime(2030-01-01)` is documented)",
            "which commands keep results for `.show operation details`",
            "the time until a new operation is shown",
        ),
    )
}
