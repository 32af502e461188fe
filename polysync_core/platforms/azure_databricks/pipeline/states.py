"""Decodes Delta Live Tables update states into Polysync statuses, and finds an attempt's update."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.platforms.azure_databricks.answers import moment_of, objects_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, RunNotFound, Wait

ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")
CLOCK_SKEW = timedelta(minutes=2)
"""The assumed lag of the workspace's clock behind Polysync's."""

_NEVER = datetime.max.replace(tzinfo=UTC)
_PRECISION = timedelta(seconds=1)
STATES = {
    "QUEUED": ProviderStatus.STARTING,
    "CREATED": ProviderStatus.STARTING,
    "WAITING_FOR_RESOURCES": ProviderStatus.STARTING,
    "INITIALIZING": ProviderStatus.STARTING,
    "RESETTING": ProviderStatus.STARTING,
    "SETTING_UP_TABLES": ProviderStatus.STARTING,
    "RUNNING": ProviderStatus.RUNNING,
    "STOPPING": ProviderStatus.RUNNING,
    "COMPLETED": ProviderStatus.SUCCESS,
    "FAILED": ProviderStatus.FAILED,
    "CANCELED": ProviderStatus.CANCELLED,
    "CANCELLED": ProviderStatus.CANCELLED,
}
"""The states of an update."""

_WAITS = {
    "QUEUED": Wait.PLATFORM_QUEUE,
    "CREATED": Wait.COMPUTE,
    "WAITING_FOR_RESOURCES": Wait.COMPUTE,
    "INITIALIZING": Wait.COMPUTE,
}
_ORIGINS = ("flow_name", "dataset_name", "table_name")
"""The names of the failed part of a pipeline in an event, the most exact first."""
_FAILED = (
    "The update failed, and its event log gives no reason: open the update's page and check the"
    " first failed table."
)


def report_of(update: JsonObject, page: str) -> Report:
    """Return the state of an update."""
    word = update.get("state")
    if not isinstance(word, str) or not word:
        raise UnexpectedAnswer
    return Report(
        status=STATES.get(word.upper(), ProviderStatus.UNKNOWN),
        provider_state=word[:64],
        wait=_WAITS.get(word.upper()),
        monitor_url=page,
        started_at=moment_of(update, "creation_time"),
    )


def is_of(event: JsonObject, update_ids: Container[str]) -> bool:
    """Return whether an event is about one of some updates."""
    origin = event.get("origin")
    update_id = origin.get("update_id") if isinstance(origin, dict) else None
    return isinstance(update_id, str) and update_id in update_ids


def failed_flows(events: Iterable[JsonObject]) -> FailureDetails:
    """Return the failures in the error events of an update, with their exceptions."""
    return FailureDetails(parts=tuple(_failure_in(event) for event in events))


def _failure_in(event: JsonObject) -> FailureDetail:
    origin, error = event.get("origin"), event.get("error")
    names = [origin.get(name) for name in _ORIGINS] if isinstance(origin, dict) else []
    exceptions = objects_in(error, "exceptions") if isinstance(error, dict) else []
    message = event.get("message")
    return FailureDetail(
        part=next((name for name in names if isinstance(name, str) and name), ""),
        error=message if isinstance(message, str) else "",
        trace="\nCaused by: ".join(map(_exception, exceptions)),
    )


def _exception(exception: JsonObject) -> str:
    """Return an exception with its stack, as Java writes it."""
    heading = ": ".join(
        str(exception[name]) for name in ("class_name", "message") if exception.get(name)
    )
    frames = [
        f"\tat {frame.get('declaring_class')}.{frame.get('method_name')}"
        f"({frame.get('file_name')}:{frame.get('line_number')})"
        for frame in objects_in(exception, "stack")
    ]
    return "\n".join([heading, *frames])


def retries_of(update_id: str, updates: Iterable[JsonObject]) -> list[JsonObject]:
    """Return the platform's own retries of an update, oldest first; the list has any order."""
    # The list is usually newest first, which decides about equal times.
    known = sorted(reversed([*updates]), key=_created_at)
    ids = [update.get("update_id") for update in known]
    if update_id not in ids:
        return []
    retries: list[JsonObject] = []
    # An update of another caller ends the retries of this one.
    for update in known[ids.index(update_id) + 1 :]:
        if update.get("cause") != "RETRY_ON_FAILURE":
            break
        retries.append(update)
    return retries


def _created_at(update: JsonObject) -> datetime:
    return moment_of(update, "creation_time") or _NEVER


def retried(first: Report, retry: JsonObject, page: str) -> Report:
    """Return the state of the platform's own retry as the state of the attempt."""
    report = report_of(retry, page)
    message = None if report.status.is_final else "Databricks retries the failed update."
    return replace(report, message=message, started_at=first.started_at)


def recovering(report: Report) -> Report:
    """Return the report of a failed update that Databricks is about to retry."""
    return replace(
        report,
        status=ProviderStatus.RUNNING,
        wait=Wait.RETRY,
        message="The update failed, and Databricks is about to retry it.",
    )


def failed(report: Report, message: str | None) -> Report:
    """Return the report of a failed update with its error message."""
    return replace(report, message=message or _FAILED)


def may_belong_to_attempt(
    update: JsonObject, created: datetime, begun_at: datetime, full_refresh: bool
) -> bool:
    """Return whether an attempt may have started an update.

    An ended update must be newer than the beginning of the attempt.
    """
    return (
        update.get("cause", "API_CALL") == "API_CALL"
        and (update.get("full_refresh") is True) == full_refresh
        and (not has_ended(update) or created >= begun_at - _PRECISION)
    )


def has_ended(update: JsonObject) -> bool:
    """Return whether an update has ended; an unknown state is no end."""
    return STATES.get(str(update.get("state")).upper(), ProviderStatus.UNKNOWN).is_final


def ids_of(external_run_id: str) -> tuple[str, str]:
    """Return the pipeline id and the update id; raise `RunNotFound` for another form."""
    pipeline_id, _, update_id = external_run_id.partition(":")
    if ID.fullmatch(pipeline_id) is None or ID.fullmatch(update_id) is None:
        raise RunNotFound("the id of an update consists of a pipeline id and an update id")
    return pipeline_id, update_id


def update_id_of(answer: Mapping[str, JsonValue]) -> str:
    """Return the id of the update in an answer."""
    update_id = answer.get("update_id")
    if not isinstance(update_id, str) or ID.fullmatch(update_id) is None:
        raise UnexpectedAnswer
    return update_id


def update_in(answer: JsonObject) -> JsonObject:
    """Return the update in an answer."""
    update = answer.get("update")
    if not isinstance(update, dict):
        raise UnexpectedAnswer
    return update
