"""Decodes the states of Vertex AI jobs into Polysync statuses, with failure reasons."""

from __future__ import annotations

import re
from collections.abc import Mapping

from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in

_WORD = re.compile(r"[A-Z_]{1,64}")
_PIPELINE, _JOB = "PIPELINE_STATE_", "JOB_STATE_"
# A pipeline job and the other jobs have the same words with different prefixes.
_SHARED = {
    "QUEUED": ProviderStatus.STARTING,
    "PENDING": ProviderStatus.STARTING,
    "RUNNING": ProviderStatus.RUNNING,
    "PAUSED": ProviderStatus.RUNNING,
    "CANCELLING": ProviderStatus.RUNNING,
    "SUCCEEDED": ProviderStatus.SUCCESS,
    "FAILED": ProviderStatus.FAILED,
    "CANCELLED": ProviderStatus.CANCELLED,
}
PIPELINE_STATES: Mapping[str, ProviderStatus] = {
    f"{_PIPELINE}{word}": status for word, status in _SHARED.items()
}
JOB_STATES: Mapping[str, ProviderStatus] = {
    **{f"{_JOB}{word}": status for word, status in _SHARED.items()},
    f"{_JOB}UPDATING": ProviderStatus.RUNNING,
    f"{_JOB}EXPIRED": ProviderStatus.FAILED,
    # A later Task would read incomplete results.
    f"{_JOB}PARTIALLY_SUCCEEDED": ProviderStatus.FAILED,
}
_STATES = {**PIPELINE_STATES, **JOB_STATES}
_WAITS = {"QUEUED": Wait.PLATFORM_QUEUE, "PENDING": Wait.COMPUTE}
_REASONS = {
    "EXPIRED": "The job did not start or end within its time limit.",
    "PARTIALLY_SUCCEEDED": (
        "Some predictions failed, so the results are incomplete: check the files of errors in the"
        " output of the job."
    ),
}
_NO_REASON = "The job failed without a reason: open its page and check its logs."


def report_of(job: JsonObject, page: str) -> Report:
    """Return the state of a job, without outputs."""
    word = job.get("state")
    if not isinstance(word, str) or _WORD.fullmatch(word) is None:
        raise UnexpectedAnswer
    state = word.removeprefix(_PIPELINE).removeprefix(_JOB)
    status = _STATES.get(word, ProviderStatus.UNKNOWN)
    return Report(
        status=status,
        provider_state=word,
        message=_failure(job, state) if status is ProviderStatus.FAILED else None,
        wait=_WAITS.get(state),
        monitor_url=page,
        started_at=moment_in(job, "startTime"),
        finished_at=moment_in(job, "endTime") if status.is_final else None,
    )


def _failure(job: JsonObject, state: str) -> str:
    message = shortened_line(object_in(job, "error").get("message"))
    return message or _REASONS.get(state, _NO_REASON)
