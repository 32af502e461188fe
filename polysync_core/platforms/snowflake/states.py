"""Decodes the states of statements, from polls and from the history of queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from polysync_core.domain.json_types import JsonObject, text_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, RunNotFound, Wait
from polysync_core.platforms.snowflake.outputs import outputs_of
from polysync_core.platforms.snowflake.refusals import CODES, UNKNOWN_STATEMENT
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in

_CANCELLED = "000604"
_RUNNING_CODES = frozenset({"333333", "333334"})
_TOO_LARGE = "The result of the procedure is larger than an answer may be."
STATES: Mapping[str, ProviderStatus] = {
    "QUEUED": ProviderStatus.STARTING,
    "RESUMING_WAREHOUSE": ProviderStatus.STARTING,
    "RUNNING": ProviderStatus.RUNNING,
    "BLOCKED": ProviderStatus.RUNNING,
    "SUCCESS": ProviderStatus.SUCCESS,
    "FAIL": ProviderStatus.FAILED,
    "FAILED_WITH_ERROR": ProviderStatus.FAILED,
    "FAILED_WITH_INCIDENT": ProviderStatus.FAILED,
    "INCIDENT": ProviderStatus.FAILED,
    "CANCELLED": ProviderStatus.CANCELLED,
}
"""Provider statuses by the execution status of a query; polls use the words, too."""
_WAITS = {"QUEUED": Wait.PLATFORM_QUEUE, "RESUMING_WAREHOUSE": Wait.COMPUTE}


def report_of(answer: Answer, page: str) -> Report:
    """Return the state of a statement in the answer to a poll; raise `RunNotFound`."""
    content = answer.json()
    if answer.status == 200 and content is None and not answer.content:
        # An answer beyond the size limit has no content, and proves the success.
        return _report("SUCCESS", page, outputs_missing=_TOO_LARGE)
    if content is None:
        raise UnexpectedAnswer
    code = text_in(content, "code")
    if code == UNKNOWN_STATEMENT:
        raise RunNotFound("Snowflake has no statement with this handle, or has deleted it")
    if not code:
        raise UnexpectedAnswer
    if answer.status == 200:
        return replace(_report("SUCCESS", page), outputs=outputs_of(content))
    if answer.status == 202:
        word = "RUNNING" if code in _RUNNING_CODES else code
        return _report(word, page)
    return _failure(code, content, page)


def history_report(row: JsonObject, page: str) -> Report:
    """Return the state of a statement in the history of queries."""
    word = text_in(row, "EXECUTION_STATUS").upper()
    if text_in(row, "ERROR_CODE").zfill(6) == _CANCELLED:
        word = "CANCELLED"
    report = _report(word, page, message=shortened_line(row.get("ERROR_MESSAGE")))
    return replace(
        report,
        started_at=moment_in(row, "STARTED"),
        finished_at=moment_in(row, "ENDED") if report.status.is_final else None,
    )


def _failure(code: str, content: JsonObject, page: str) -> Report:
    if code.zfill(6) == _CANCELLED:
        return _report("CANCELLED", page)
    cause, remedy = CODES.get(code.zfill(6), (None, None))
    about = ", ".join(filter(None, (f"code {code}", text_in(content, "sqlState"))))
    text = shortened_line(content.get("message")) or "The statement failed."
    message = f"{text} ({about})" if remedy is None else f"{text} ({about}): {remedy}."
    own = None if cause is FailureCause.ARTEFACT else cause
    return _report("FAILED_WITH_ERROR", page, message=shortened_line(message), cause=own)


def _report(
    word: str,
    page: str,
    *,
    message: str | None = None,
    cause: FailureCause | None = None,
    outputs_missing: str | None = None,
) -> Report:
    status = STATES.get(word, ProviderStatus.UNKNOWN)
    return Report(
        status=status,
        provider_state=word[:64],
        message=message,
        cause=cause,
        wait=_WAITS.get(word),
        monitor_url=page,
        outputs_missing=outputs_missing,
    )
