"""Decodes the states of Microsoft Fabric runs into Polysync statuses, with failure reasons."""

from __future__ import annotations

import re

from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.platforms.azure.refusals import error_code
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.microsoft_fabric.client import JobInstance
from polysync_core.platforms.microsoft_fabric.refusals import (
    CAPACITY_IS_FULL,
    says_capacity_is_full,
)
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in

DEDUPED = "deduped"
"""Fabric's word, in lower case, for a run that was skipped because another run was active."""
STATES = {
    "NotStarted": ProviderStatus.STARTING,
    "InProgress": ProviderStatus.RUNNING,
    "Dehydrated": ProviderStatus.RUNNING,
    "Completed": ProviderStatus.SUCCESS,
    "Failed": ProviderStatus.FAILED,
    "Cancelled": ProviderStatus.CANCELLED,
    "Deduped": ProviderStatus.FAILED,
}
"""Provider statuses by Fabric's words; the case of the letters varies."""

_BY_WORD = {word.lower(): status for word, status in STATES.items()}
_WORD = re.compile(r"[A-Za-z]{1,64}")
_NO_REASON = (
    "Fabric gives no reason for the failure: open the item in Fabric and look at its recent runs."
)


def word_of(instance: JsonObject) -> str:
    """Return Fabric's word for the state of a run, in lower case."""
    word = instance.get("status")
    if not isinstance(word, str) or _WORD.fullmatch(word) is None:
        raise UnexpectedAnswer
    return word.lower()


def status_of(instance: JsonObject) -> ProviderStatus:
    """Return the state of a run; an unknown word is `Unknown`, which is not an end."""
    return _BY_WORD.get(word_of(instance), ProviderStatus.UNKNOWN)


def report_of(instance: JobInstance, page: str) -> Report:
    """Return the state of a run."""
    fields = instance.fields
    status = status_of(fields)
    message, cause = None, None
    if status is ProviderStatus.FAILED:
        message, cause = _failure_of(fields)
    return Report(
        status=status,
        provider_state=str(fields.get("status")),
        message=message,
        cause=cause,
        wait=Wait.PLATFORM_QUEUE if status is ProviderStatus.STARTING else None,
        monitor_url=page,
        started_at=moment_in(fields, "startTimeUtc"),
        finished_at=moment_in(fields, "endTimeUtc") if status.is_final else None,
        retry_after=instance.pause,
    )


def failure_details_of(instance: JsonObject) -> FailureDetails:
    """Return the reason for the failure of a run, and the details below it."""
    reason = object_in(instance, "failureReason")
    more = reason.get("moreDetails")
    inner = [each for each in more if isinstance(each, dict)] if isinstance(more, list) else []
    found = [text for each in (reason, *inner) if (text := _text_of(each))]
    return FailureDetails(
        parts=(FailureDetail(error=found[0] if found else "", trace="\n".join(found[1:])),)
    )


def _failure_of(instance: JsonObject) -> tuple[str, FailureCause | None]:
    """Return the message about a failed run, and its cause unless the item failed."""
    text = _text_of(object_in(instance, "failureReason"))
    if word_of(instance) == DEDUPED:
        return text or "Fabric skipped the run.", FailureCause.CONTENTION_REJECTED
    if says_capacity_is_full(text):
        message = shortened_line(f"{text} Remedy: {CAPACITY_IS_FULL}.") or ""
        return message, FailureCause.CONTENTION_REJECTED
    return shortened_line(text) or _NO_REASON, None


def _text_of(reason: JsonObject) -> str:
    """Return the message of an error with its code."""
    message, code = reason.get("message"), error_code(reason)
    text = message if isinstance(message, str) else ""
    return f"{text} ({code})" if text and code else text or code
