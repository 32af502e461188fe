"""Repairs a failed execution by a Step Functions redrive, which reruns the failed states.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.aws.answers import time_in
from polysync_core.platforms.aws.client import AwsJsonApi
from polysync_core.platforms.aws_step_functions.external_id import Execution, StateMachine
from polysync_core.platforms.aws_step_functions.refusals import REFUSALS, refused_for_execution
from polysync_core.platforms.aws_step_functions.states import report_of
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import RunNotFound, SubmitRequest, check_repairable

_CLOCK_SKEW = timedelta(minutes=1)

type Describe = Callable[[Execution], JsonObject]


def redrive(
    api: AwsJsonApi, request: SubmitRequest, failed_run: str, describe: Describe
) -> Execution:
    """Redrive a failed execution once per attempt."""
    execution = _execution(request, failed_run)
    if not request.is_resend:
        report = report_of(describe(execution), request.job)
        check_repairable(report, REFUSALS.service)
    body: JsonObject = {"executionArn": execution.arn, "clientToken": request.token}
    call = api.call("RedriveExecution", body, has_effect=True, refused=refused_for_execution)
    try:
        moment = api.client.execute(call, _redriven_at)
    except PlatformRefused as error:
        refusal = error
    else:
        return Execution(arn=execution.arn, redriven_at=moment)
    earlier = time_in(describe(execution), "redriveDate") if request.is_resend else None
    if earlier is None or earlier < request.begun_at - _CLOCK_SKEW:
        raise refusal
    # AWS forgets a token after 15 minutes, so it may refuse the repetition of our own redrive.
    return Execution(arn=execution.arn, redriven_at=earlier)


def _execution(request: SubmitRequest, failed_run: str) -> Execution:
    machine = StateMachine.parse(request.job.external_id)
    try:
        return Execution.of(machine, failed_run)
    except RunNotFound:
        pass
    raise PlatformRefused(
        "the failed run is no execution of this STANDARD state machine, so it cannot be redriven:"
        " start a new run",
        cause=FailureCause.SUBMIT,
    )


def _redriven_at(answer: JsonObject) -> datetime:
    moment = time_in(answer, "redriveDate")
    if moment is None:
        raise UnexpectedAnswer
    return moment
