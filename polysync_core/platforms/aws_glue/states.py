"""Decodes the states of AWS Glue job runs into Polysync statuses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.aws.answers import text_in, time_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.text import shortened_line

STATES: Mapping[str, ProviderStatus] = {
    "WAITING": ProviderStatus.STARTING,
    "STARTING": ProviderStatus.STARTING,
    "RUNNING": ProviderStatus.RUNNING,
    "STOPPING": ProviderStatus.RUNNING,
    "SUCCEEDED": ProviderStatus.SUCCESS,
    "FAILED": ProviderStatus.FAILED,
    "ERROR": ProviderStatus.FAILED,
    "TIMEOUT": ProviderStatus.FAILED,
    "EXPIRED": ProviderStatus.FAILED,
    "STOPPED": ProviderStatus.CANCELLED,
}
"""Provider statuses by the words of Glue."""

RETRIED = frozenset({"FAILED", "ERROR"})
"""The words of a run that Glue itself may run again."""
_WAITS = {"WAITING": Wait.PLATFORM_QUEUE, "STARTING": Wait.COMPUTE}
_CAUSES = {
    "TIMEOUT": FailureCause.TIMEOUT,
    # The run got no resources in time, and the script never began.
    "EXPIRED": FailureCause.CONTENTION_REJECTED,
}
_NO_REASON = {
    "TIMEOUT": "The run exceeded its time-out in Glue: raise timeoutMinutes or the job's time-out.",
    "EXPIRED": "The run got no resources in time, so Glue did not start the script.",
}
_UNKNOWN_REASON = "Glue gives no reason for the failure: open the run's page and check its logs."
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")


def is_run_id(text: str) -> bool:
    """Return whether a text has the form of a run id."""
    return _RUN_ID.fullmatch(text) is not None


def run_id_in(answer: JsonObject, name: str) -> str:
    """Return the id of a run in an answer."""
    run_id = text_in(answer, name)
    if run_id is None or not is_run_id(run_id):
        raise UnexpectedAnswer
    return run_id


def report_of(run: JsonObject, page: str) -> Report:
    """Return the state of a job run."""
    word = text_in(run, "JobRunState")
    if word is None:
        raise UnexpectedAnswer
    status = STATES.get(word, ProviderStatus.UNKNOWN)
    message = shortened_line(run.get("ErrorMessage")) or shortened_line(run.get("StateDetail"))
    if status is ProviderStatus.FAILED:
        message = message or _NO_REASON.get(word, _UNKNOWN_REASON)
    return Report(
        status=status,
        provider_state=word[:64],
        message=message,
        wait=_WAITS.get(word),
        cause=_CAUSES.get(word),
        monitor_url=page,
        started_at=time_in(run, "StartedOn"),
        finished_at=time_in(run, "CompletedOn") if status.is_final else None,
    )
