"""Decodes the states of asynchronous Data Explorer operations into Polysync statuses.

https://learn.microsoft.com/kusto/management/show-operations
"""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in

STATES = {
    "Scheduled": ProviderStatus.STARTING,
    "InProgress": ProviderStatus.RUNNING,
    "Completed": ProviderStatus.SUCCESS,
    # A condition in the command says that nothing is to be done.
    "Skipped": ProviderStatus.SUCCESS,
    "Failed": ProviderStatus.FAILED,
    "PartiallySucceeded": ProviderStatus.FAILED,
    "Abandoned": ProviderStatus.FAILED,
    "BadInput": ProviderStatus.FAILED,
    "Throttled": ProviderStatus.FAILED,
    "Canceled": ProviderStatus.CANCELLED,
}
"""Provider statuses by the service's words."""

_BY_WORD = {word.lower(): status for word, status in STATES.items()}
_CAUSES = {
    "abandoned": FailureCause.PLATFORM_UNREACHABLE,
    "badinput": FailureCause.SUBMIT,
    "throttled": FailureCause.CONTENTION_REJECTED,
}
_REASONS = {
    "partiallysucceeded": "Parts of the command succeeded, and parts failed.",
    "abandoned": "Data Explorer abandoned the operation: run the command again.",
    "badinput": "Data Explorer refused the input of the command.",
    "throttled": (
        "Data Explorer refused the operation, because the cluster is at its capacity: run fewer"
        " commands at the same time."
    ),
}
_NO_REASON = "Data Explorer gives no reason for the failure: look at .show operations."


def report_of(operation: Mapping[str, JsonValue], page: str) -> Report:
    """Return the state of an operation, a row of `.show operations`."""
    state = operation.get("State")
    if not isinstance(state, str) or not state.isascii() or not state.isalpha():
        raise UnexpectedAnswer
    word = state.lower()
    status = _BY_WORD.get(word, ProviderStatus.UNKNOWN)
    message = shortened_line(operation.get("Status"))
    if status is ProviderStatus.FAILED:
        message = message or _REASONS.get(word, _NO_REASON)
    return Report(
        status=status,
        provider_state=state[:64],
        message=message,
        cause=_CAUSES.get(word),
        wait=Wait.PLATFORM_QUEUE if status is ProviderStatus.STARTING else None,
        monitor_url=page,
        started_at=moment_in(operation, "StartedOn"),
        finished_at=moment_in(operation, "LastUpdatedOn") if status.is_final else None,
    )
