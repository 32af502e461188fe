"""Decodes the states of Dataflow jobs into Polysync statuses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.google_dataflow.settings import StopBy, StreamingRun, TemplateSettings
from polysync_core.platforms.times import moment_in

_WORD = re.compile(r"[A-Z_]{1,64}")
_STREAMING = "JOB_TYPE_STREAMING"
_RUNNING = "JOB_STATE_RUNNING"
_DRAINED = "JOB_STATE_DRAINED"
STATES: Mapping[str, ProviderStatus] = {
    # The state before the first start of a job.
    "JOB_STATE_STOPPED": ProviderStatus.STARTING,
    "JOB_STATE_QUEUED": ProviderStatus.STARTING,
    "JOB_STATE_PENDING": ProviderStatus.STARTING,
    _RUNNING: ProviderStatus.RUNNING,
    "JOB_STATE_DRAINING": ProviderStatus.RUNNING,
    "JOB_STATE_CANCELLING": ProviderStatus.RUNNING,
    "JOB_STATE_RESOURCE_CLEANING_UP": ProviderStatus.RUNNING,
    "JOB_STATE_DONE": ProviderStatus.SUCCESS,
    "JOB_STATE_UPDATED": ProviderStatus.SUCCESS,
    _DRAINED: ProviderStatus.SUCCESS,
    "JOB_STATE_FAILED": ProviderStatus.FAILED,
    "JOB_STATE_CANCELLED": ProviderStatus.CANCELLED,
}
_WAITS = {"JOB_STATE_QUEUED": Wait.PLATFORM_QUEUE, "JOB_STATE_PENDING": Wait.COMPUTE}


def report_of(job: JsonObject, settings: TemplateSettings, page: str) -> Report:
    """Return the state of a job, without the reason of a failure and without outputs."""
    word = job.get("currentState")
    if not isinstance(word, str) or _WORD.fullmatch(word) is None:
        raise UnexpectedAnswer
    status = STATES.get(word, ProviderStatus.UNKNOWN)
    if status is ProviderStatus.RUNNING and _is_launched(job, settings):
        status = ProviderStatus.SUCCESS
    if word == _DRAINED and settings.stop_by is StopBy.DRAIN:
        status = ProviderStatus.CANCELLED
    return Report(
        status=status,
        provider_state=word,
        wait=_WAITS.get(word),
        monitor_url=page,
        started_at=moment_in(job, "startTime"),
        finished_at=moment_in(job, "currentStateTime") if status.is_final else None,
    )


def _is_launched(job: JsonObject, settings: TemplateSettings) -> bool:
    """Return whether a run ends because its streaming job processes data."""
    return settings.streaming_run is StreamingRun.UNTIL_RUNNING and can_be_drained(job)


def can_be_drained(job: JsonObject) -> bool:
    """Return whether a job is a streaming job that processes data."""
    return job.get("type") == _STREAMING and job.get("currentState") == _RUNNING
