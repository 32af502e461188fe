"""Verifies the simulators of Google Cloud Functions."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import Ability, OfficialClient, Verification

_GOOGLE = Verification(
    simulator="simulators.google_functions",
    official_client=OfficialClient(
        package="google-cloud-functions",
        client="google.cloud.functions_v2.FunctionServiceClient",
        tests="functions",
        calls={Ability.DISCOVER: "list_functions", Ability.TEST: "list_functions"},
    ),
    notes=("Through its REST transport. A function has no official client.",),
    open_questions=("functions of the first generation",),
)
VERIFICATIONS: Mapping[str, Verification] = {
    JobType.CLOUD_FUNCTION_HTTP: _GOOGLE,
}
