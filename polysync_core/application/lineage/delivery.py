"""Sends the lineage events of runs to an OpenLineage service, with bounded retries.

A run never waits for a delivery.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from pydantic import BaseModel, Field, ValidationError

from polysync_core.application.events.retries import DeliveryQueues
from polysync_core.application.events.slots import DeliverySlots
from polysync_core.domain.errors import Malformed, PolysyncError
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.events import encode_message
from polysync_core.domain.runs.identity import RunId, is_run_id
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.status import RunStatus
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.telemetry.instruments import instruments

_BEGIN = '{"lineage":'
_RECIPIENT = "lineage"
_REPORTED = frozenset(
    {RunStatus.RUNNING, RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED}
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageStep:
    """An event of a run on its way to the lineage service."""

    event: JsonObject
    attempt: int = 1
    failure: str | None = None
    """The reason why the previous attempt failed."""

    def after(self, failure: str) -> LineageStep:
        """Return the next attempt."""
        return replace(self, attempt=self.attempt + 1, failure=failure)

    def encode(self) -> str:
        """Return the step as a message without the tags of the run."""
        event = {name: value for name, value in self.event.items() if name != "tags"}
        return encode_message({"lineage": event, "attempt": self.attempt, "failure": self.failure})


def is_reported(event: JsonObject) -> bool:
    """Return whether an event is part of the lineage: a start or an end, and no note."""
    status, before = event.get("to"), event.get("from")
    return status in _REPORTED and status != before


def is_lineage(text: str) -> bool:
    """Return whether a message of the delivery queue is for the lineage service."""
    return text.startswith(_BEGIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageDelivery:
    """The use case that processes the queue messages of lineage."""

    emit: Callable[[JsonObject, TaskRun], None] | None
    """Sends one event; raises a `PolysyncError` unless it was accepted. None: it is off."""
    read_run: Callable[[RunId], StoredRun | None]
    queues: DeliveryQueues
    slots: DeliverySlots

    def process(self, text: str) -> None:
        """Process one queue message; raises `Unavailable`, and the host then repeats it."""
        try:
            step = _parsed(text)
        except Malformed:
            self.queues.poison_queue.send(text)
            return
        if self.emit is None:
            _drop(step, "lineage is off")
            return
        with self.slots.taken(_RECIPIENT) as wait:
            if wait is None:
                self._emit(step, self.emit)
            else:
                self.queues.delivery_queue.send(text, delay_seconds=wait)

    def _emit(self, step: LineageStep, emit: Callable[[JsonObject, TaskRun], None]) -> None:
        run_id = str(step.event["runId"])
        stored = self.read_run(RunId(run_id)) if is_run_id(run_id) else None
        if stored is None:
            _drop(step, "the run no longer exists")
            return
        try:
            emit(step.event, stored.run)
        except PolysyncError as error:
            if self.queues.is_last(step):
                _drop(step, str(error))
            else:
                self.queues.repeat(step, error)


def _parsed(text: str) -> LineageStep:
    try:
        message = _Message.model_validate_json(text)
    except ValidationError:
        message = None
    event = None if message is None else message.lineage
    if message is None or event is None or not {"runId", "eventId", "to", "at"} <= event.keys():
        raise Malformed.at("", "the message is no lineage of a run")
    return LineageStep(event=event, attempt=message.attempt, failure=message.failure)


def _drop(step: LineageStep, reason: str) -> None:
    instruments().lineage_dropped.add(1)
    _log.warning(
        "The lineage of a run was dropped.",
        extra={
            "action": "lineage_dropped",
            "run_id": step.event["runId"],
            "event": step.event["eventId"],
            "attempt": step.attempt,
            "reason": reason,
        },
    )


class _Message(BaseModel):
    lineage: JsonObject
    attempt: int = Field(ge=1)
    failure: str | None = None
