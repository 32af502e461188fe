"""Decodes an Azure Machine Learning job's state into a Polysync status with outputs."""

from __future__ import annotations

import re

from polysync_core.domain.definitions.jobs import Direction, Job
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in

ARTEFACTS = "default"
"""The output of every job: the folder of its logs and files."""

_WORD = re.compile(r"[A-Za-z_]{1,64}")
STATES = {
    "NotStarted": ProviderStatus.STARTING,
    "Starting": ProviderStatus.STARTING,
    "Provisioning": ProviderStatus.STARTING,
    "Preparing": ProviderStatus.STARTING,
    "Queued": ProviderStatus.STARTING,
    "Running": ProviderStatus.RUNNING,
    "Finalizing": ProviderStatus.RUNNING,
    "CancelRequested": ProviderStatus.RUNNING,
    "Paused": ProviderStatus.RUNNING,
    "Completed": ProviderStatus.SUCCESS,
    "Failed": ProviderStatus.FAILED,
    "Canceled": ProviderStatus.CANCELLED,
    "Cancelled": ProviderStatus.CANCELLED,
    # The heartbeat is late; any other state can follow.
    "NotResponding": ProviderStatus.UNKNOWN,
    "Unknown": ProviderStatus.UNKNOWN,
}
"""The values of the enumeration `JobStatus` of the REST API."""

_STATES = {word.lower(): status for word, status in STATES.items()}
_WAITS = {
    "queued": Wait.PLATFORM_QUEUE,
    "notstarted": Wait.PLATFORM_QUEUE,
    "starting": Wait.COMPUTE,
    "provisioning": Wait.COMPUTE,
    "preparing": Wait.COMPUTE,
}
_NO_REASON = (
    "The job failed without a reason: open its page and check the first child job that failed."
)


def report_of(answer: JsonObject, job: Job, page: str) -> Report:
    """Return the state of a job; a successful job includes its outputs."""
    properties = properties_of(answer)
    word = properties.get("status")
    if not isinstance(word, str) or _WORD.fullmatch(word) is None:
        raise UnexpectedAnswer
    state = word.replace("_", "").lower()
    status = _STATES.get(state, ProviderStatus.UNKNOWN)
    failed, succeeded = status is ProviderStatus.FAILED, status is ProviderStatus.SUCCESS
    return Report(
        status=status,
        provider_state=word,
        message=_failure(properties) if failed else None,
        wait=_WAITS.get(state),
        monitor_url=page,
        started_at=moment_in(properties, "startTime"),
        finished_at=moment_in(properties, "endTime") if status.is_final else None,
        outputs=_outputs(properties, job) if succeeded else {},
    )


def properties_of(answer: JsonObject) -> JsonObject:
    """Return the properties of a job in an answer."""
    properties = answer.get("properties")
    if not isinstance(properties, dict):
        raise UnexpectedAnswer
    return properties


def _failure(properties: JsonObject) -> str:
    return shortened_line(object_in(properties, "error").get("message")) or _NO_REASON


def _outputs(properties: JsonObject, job: Job) -> dict[str, JsonValue]:
    declared = {each.name for each in job.parameters if each.direction is not Direction.INPUT}
    return {
        name: value
        for name, entry in object_in(properties, "outputs").items()
        if (name != ARTEFACTS or name in declared) and (value := _value(entry)) is not None
    }


def _value(entry: JsonValue) -> JsonValue:
    """Return the value of an output, or the address of its data."""
    if not isinstance(entry, dict):
        return None
    value = entry.get("value")
    return entry.get("uri") if value is None else value
