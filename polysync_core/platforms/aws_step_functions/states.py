"""Decodes the states of Step Functions executions into Polysync statuses, outputs and links."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from urllib.parse import quote

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.sign_in.aws.partitions import console_url
from polysync_core.platforms.aws.answers import text_in, time_in
from polysync_core.platforms.aws_step_functions.external_id import Execution, StateMachine
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.http_functions.outputs import outputs_of
from polysync_core.platforms.text import shortened_line

STATES = {
    "RUNNING": ProviderStatus.RUNNING,
    "PENDING_REDRIVE": ProviderStatus.RUNNING,
    "SUCCEEDED": ProviderStatus.SUCCESS,
    "FAILED": ProviderStatus.FAILED,
    "TIMED_OUT": ProviderStatus.FAILED,
    "ABORTED": ProviderStatus.CANCELLED,
}
"""The states of executions: https://docs.aws.amazon.com/step-functions/latest/apireference"""

_PENDING_REDRIVE = "PENDING_REDRIVE"
_CLOCK_PRECISION = timedelta(seconds=1)


def report_of(answer: JsonObject, job: Job, execution: Execution | None = None) -> Report:
    """Return the state of an execution; of a redrive only if the answer knows the redrive."""
    word = text_in(answer, "status")
    if word is None:
        raise UnexpectedAnswer
    status = STATES.get(word, ProviderStatus.UNKNOWN)
    if execution is not None and _precedes(answer, execution):
        # The answer is older than the redrive, so its end is that of the failed attempt.
        return Report(status=ProviderStatus.STARTING, provider_state=_PENDING_REDRIVE)
    return Report(
        status=status,
        provider_state=shortened_line(word, limit=64) or "",
        wait=Wait.RETRY if word == _PENDING_REDRIVE else None,
        message=failure_text(answer) if status.is_final else None,
        started_at=time_in(answer, "startDate"),
        finished_at=time_in(answer, "stopDate") if status.is_final else None,
        outputs=_outputs(answer, job) if status is ProviderStatus.SUCCESS else {},
        outputs_missing=_missing(answer) if status is ProviderStatus.SUCCESS else None,
    )


def failure_text(answer: JsonObject) -> str | None:
    """Return the error and the cause of a failure on one line."""
    texts = (text_in(answer, "error"), _reason(text_in(answer, "cause")))
    return shortened_line(": ".join(each for each in texts if each))


def page_of_execution(machine: StateMachine, execution_arn: str) -> str:
    """Return the address of an execution's page in the console."""
    return _page(machine.region, f"v2/executions/details/{quote(execution_arn, safe=':')}")


def page_of_express(machine: StateMachine, execution_arn: str, started_at: datetime | None) -> str:
    """Return the address of an EXPRESS execution's page, which is found by its start."""
    start = "" if started_at is None else f"?startDate={round(started_at.timestamp() * 1000)}"
    arn = quote(execution_arn, safe=":")
    return _page(machine.region, f"express-executions/details/{arn}{start}")


def _page(region: str, path: str) -> str:
    return console_url(region, f"states/home?region={region}#/{path}")


def _precedes(answer: JsonObject, execution: Execution) -> bool:
    if execution.redriven_at is None:
        return False
    known = time_in(answer, "redriveDate")
    return known is None or known < execution.redriven_at - _CLOCK_PRECISION


def _reason(cause: str | None) -> str | None:
    """Return the message in a cause; that of a failed Lambda function is a JSON object."""
    value = _parsed(cause or "")
    message = value.get("errorMessage") if isinstance(value, dict) else None
    return message if isinstance(message, str) and message else cause


def _outputs(answer: JsonObject, job: Job) -> JsonObject:
    return outputs_of(_parsed(text_in(answer, "output") or "null"), job)


def _missing(answer: JsonObject) -> str | None:
    details = answer.get("outputDetails")
    if isinstance(details, dict) and details.get("included") is False:
        return "AWS Step Functions has left out the output of the execution."
    return None


def _parsed(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value
