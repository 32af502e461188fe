"""The case of AWS Lambda: functions that answer at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.cases.aws import ASSUME_ROLE, aws_platform, simulated_aws
from tests.contract.connectors.job_type_case import (
    LONG_OUTPUT_LENGTH,
    Behaviour,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)

SCRIPTS: Mapping[Behaviour, dict[str, Any]] = {
    Behaviour.SUCCEEDS: {},
    Behaviour.FAILS: {"error": {"errorType": "ValueError", "errorMessage": "no sales today"}},
    Behaviour.RETURNS_OUTPUTS: {"payload": {"total": 7, "path": "/x"}},
    Behaviour.RETURNS_LONG_OUTPUT: {"payload": {"much": "x" * LONG_OUTPUT_LENGTH, "path": "/x"}},
}


def functions(simulators: Simulators) -> JobTypeCase:
    """Return the case of AwsLambdaFunction."""
    simulator = simulated_aws(simulators)
    for behaviour, script in SCRIPTS.items():
        simulator.control("PUT", f"functions/{behaviour.name.lower()}", script)

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        return [
            str(line["id"])
            for line in simulator.submissions()
            if line.get("token") == request.token and line["operation"] == "Invoke"
        ]

    return JobTypeCase(
        simulator=simulator,
        platform=aws_platform(simulator, "AwsLambda", ASSUME_ROLE),
        jobs={each: a_job(each.name.lower()) for each in [*SCRIPTS, Behaviour.MISSING]},
        endpoints={
            Step.SUBMIT: "Invoke",
            Step.FIND: "ListFunctions",
            Step.DESCRIBE: "GetFunctionConfiguration",
            Step.TEST: "ListFunctions",
        },
        started_runs=started_runs,
        unknown_state={},
        unknown_runs=("00000000-0000-0000-0000-000000000000", "", "../x"),
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"external_id": "publish:prod"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"invocationType": "event"}}, "settings.invocationType"),
            ({"settings": {"qualifier": "a b"}}, "settings.qualifier"),
        ),
        typed=True,
        outputs={"total": 7, "_response.path": "/x"},
        accepts_undeclared="a function declares no parameters",
        foreign_addresses="Lambda returns no addresses",
    )


def a_job(external_id: str, **settings: Any) -> Job:
    return Job(
        name="report",
        platform="aws",
        job_type=JobType.AWS_LAMBDA_FUNCTION,
        external_id=external_id,
        parameters=(Parameter(name="total", data_type=DataType.INT, direction=Direction.OUTPUT),),
        settings=settings,
    )


CASES: dict[str, MakeCase] = {JobType.AWS_LAMBDA_FUNCTION: functions}
