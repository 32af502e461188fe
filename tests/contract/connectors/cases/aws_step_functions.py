"""The case of AWS Step Functions: STANDARD state machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.cases.aws import (
    ACCOUNT,
    FEDERATED,
    REGION,
    aws_platform,
    simulated_aws,
)
from tests.contract.connectors.job_type_case import (
    LONG_OUTPUT_LENGTH,
    Behaviour,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)

OWNER = f"arn:aws:states:{REGION}:{ACCOUNT}"
SCRIPTS: Mapping[Behaviour, dict[str, Any]] = {
    Behaviour.SUCCEEDS: {},
    Behaviour.FAILS: {"outcome": "FAILED", "error": "ValueError", "cause": "no sales today"},
    Behaviour.HANGS: {"outcome": None},
    Behaviour.RETURNS_OUTPUTS: {"output": {"total": 7, "path": "/x"}},
    Behaviour.RETURNS_LONG_OUTPUT: {"output": {"much": "x" * LONG_OUTPUT_LENGTH, "path": "/x"}},
}


def state_machines(simulators: Simulators) -> JobTypeCase:
    """Return the case of StepFunctionsStateMachine."""
    simulator = simulated_aws(simulators)
    for behaviour, script in SCRIPTS.items():
        simulator.control("PUT", f"state-machines/{behaviour.name.lower()}", script)

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        return [
            str(line["id"])
            for line in simulator.submissions()
            if line.get("token") == request.token and line["operation"] == "StartExecution"
        ]

    return JobTypeCase(
        simulator=simulator,
        platform=aws_platform(simulator, "AwsStepFunctions", FEDERATED),
        jobs={each: a_job(each.name.lower()) for each in [*SCRIPTS, Behaviour.MISSING]},
        endpoints={
            Step.SUBMIT: "StartExecution",
            Step.READ: "DescribeExecution",
            Step.DETAILS: "GetExecutionHistory",
            Step.CANCEL: "StopExecution",
            Step.FIND: "ListStateMachines",
            Step.DESCRIBE: "DescribeStateMachine",
            Step.TEST: "ListStateMachines",
        },
        started_runs=started_runs,
        failure=("Work", "no sales today"),
        unknown_state={"status": "DREAMING"},
        unknown_runs=(
            f"{OWNER}:execution:succeeds:missing",
            f"{OWNER}:execution:another:missing",
            f"{OWNER}:express:succeeds:a:b",
            "",
            "../x",
            "a b",
        ),
        refused=(
            ({"external_id": "succeeds"}, "externalId"),
            ({"external_id": f"{OWNER}:stateMachine:a/b"}, "externalId"),
            ({"external_id": f"{OWNER}:execution:succeeds:x"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"traceHeader": "a\nb"}}, "settings.traceHeader"),
        ),
        typed=True,
        outputs={"total": 7, "_response.path": "/x"},
        accepts_undeclared="a state machine declares no parameters",
        foreign_addresses="Step Functions returns no addresses",
    )


def a_job(name: str, **settings: Any) -> Job:
    return Job(
        name="load",
        platform="aws",
        job_type=JobType.STEP_FUNCTIONS_STATE_MACHINE,
        external_id=f"{OWNER}:stateMachine:{name}",
        parameters=(Parameter(name="total", data_type=DataType.INT, direction=Direction.OUTPUT),),
        settings=settings,
    )


CASES: dict[str, MakeCase] = {JobType.STEP_FUNCTIONS_STATE_MACHINE: state_machines}
