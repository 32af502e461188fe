"""Verifies the simulator of AWS Step Functions."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import Ability, OfficialClient, Verification

VERIFICATIONS: Mapping[str, Verification] = {
    JobType.STEP_FUNCTIONS_STATE_MACHINE: Verification(
        simulator="simulators.aws",
        official_client=OfficialClient(
            package="boto3",
            client="boto3.client",
            tests="aws",
            calls={
                Ability.SUBMIT: "start_execution",
                Ability.READ: "describe_execution",
                Ability.OUTPUTS: "describe_execution",
                Ability.CANCEL: "stop_execution",
                Ability.RUNS: "list_executions",
                Ability.DETAILS: "get_execution_history",
                Ability.REPAIR: "redrive_execution",
                Ability.DISCOVER: "list_state_machines",
                Ability.TEST: "list_state_machines",
            },
        ),
        notes=("The tests also try the connector against the server of `moto`.",),
        open_questions=(
            "the ARN of an execution that was started by an alias (the ARN without the alias is"
            " assumed)",
            "the answer to a repeated redrive whose execution has ended again",
            "the answer to a stop of an ended run (after a refusal, the state is read)",
        ),
    ),
}
