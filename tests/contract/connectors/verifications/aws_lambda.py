"""Verifies the simulator of AWS Lambda."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import Ability, OfficialClient, Verification

VERIFICATIONS: Mapping[str, Verification] = {
    JobType.AWS_LAMBDA_FUNCTION: Verification(
        simulator="simulators.aws",
        official_client=OfficialClient(
            package="boto3",
            client="boto3.client",
            tests="aws",
            calls={
                Ability.SUBMIT: "invoke",
                Ability.READ: "invoke",
                Ability.OUTPUTS: "invoke",
                Ability.DISCOVER: "list_functions",
                Ability.TEST: "list_functions",
            },
        ),
        notes=("The tests also try the connector against the server of `moto`.",),
        open_questions=("whether Lambda answers each fault before the start of a function by 502",),
    ),
}
