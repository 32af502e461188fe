"""Decodes the states of Logic Apps workflow runs into Polysync statuses with outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.http_functions.outputs import declared_names
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in

STATES: Mapping[str, ProviderStatus] = {
    "Waiting": ProviderStatus.RUNNING,
    "Running": ProviderStatus.RUNNING,
    "Paused": ProviderStatus.RUNNING,
    "Suspended": ProviderStatus.RUNNING,
    "Succeeded": ProviderStatus.SUCCESS,
    "Failed": ProviderStatus.FAILED,
    "TimedOut": ProviderStatus.FAILED,
    "Aborted": ProviderStatus.FAILED,
    "Faulted": ProviderStatus.FAILED,
    "Cancelled": ProviderStatus.CANCELLED,
    "Canceled": ProviderStatus.CANCELLED,
    "Skipped": ProviderStatus.CANCELLED,
}
"""The engine's words for the state of a run."""

_STATES = {word.lower(): status for word, status in STATES.items()}

_RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def is_run_id(text: str) -> bool:
    """Return whether a text has the form of a run id."""
    return _RUN_ID.fullmatch(text) is not None


def run_id_of(run: JsonObject) -> str:
    """Return the id of a run in an answer."""
    name = run.get("name")
    if not isinstance(name, str) or not is_run_id(name):
        raise UnexpectedAnswer
    return name


def tracking_id_of(run: JsonObject) -> JsonValue:
    """Return the client tracking id of a run."""
    return object_in(object_in(run, "properties"), "correlation").get("clientTrackingId")


def report_of(run: JsonObject, job: Job) -> Report:
    """Return the state of a run; a successful run includes its outputs."""
    properties = object_in(run, "properties")
    word = properties.get("status")
    if not isinstance(word, str):
        raise UnexpectedAnswer
    status = _STATES.get(word.lower(), ProviderStatus.UNKNOWN)
    return Report(
        status=status,
        provider_state=shortened_line(word) or "",
        message=_reason(properties) if status is ProviderStatus.FAILED else None,
        # The concurrency limit of the trigger holds the run back.
        wait=Wait.PLATFORM_QUEUE if word.lower() == "waiting" else None,
        started_at=moment_in(properties, "startTime"),
        finished_at=moment_in(properties, "endTime"),
        outputs=_outputs(properties, job) if status is ProviderStatus.SUCCESS else {},
    )


def _outputs(properties: JsonObject, job: Job) -> JsonObject:
    wrapped = object_in(properties, "outputs")
    values: JsonObject = {
        name: each.get("value") for name, each in wrapped.items() if isinstance(each, dict)
    }
    names = declared_names(values, job)
    return {names.get(name, name): value for name, value in values.items() if value is not None}


def _reason(properties: JsonObject) -> str:
    error = object_in(properties, "error")
    texts = (shortened_line(error.get("message")), shortened_line(properties.get("code")))
    reason = next((text for text in texts if text), "The engine gives no reason.")
    return f"{reason} The run's page shows which action failed."
