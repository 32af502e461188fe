"""Defines the outcomes of a received event for each Task, such as started or ignored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from polysync_core.domain.arrivals.definition import Arrival
from polysync_core.domain.arrivals.matching import accepts_source, refusal
from polysync_core.domain.arrivals.run_arrival import ReceivedEvent
from polysync_core.domain.runs.identity import RunId

MAX_OUTCOMES = 50
"""The maximum number of outcomes that are stored of one event."""


class ArrivalOutcome(StrEnum):
    """The outcome of an event for one arrival."""

    STARTED = "Started"
    """The event has started a run."""
    COLLECTED = "Collected"
    """The event is in the batch that is being collected."""
    REPEATED = "Repeated"
    """The event, or the same version of the file, was received before."""
    IGNORED = "Ignored"
    """The Task or the arrival is disabled."""
    FILTERED_OUT = "FilteredOut"
    """The event has the source of the arrival, but does not meet its filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOutcome:
    """The outcome of an event for one arrival of a Task."""

    task: str
    arrival: str
    outcome: ArrivalOutcome
    reason: str
    run_id: RunId | None = None
    """The run that the event has started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """An event that was received, with its outcomes."""

    received: ReceivedEvent
    outcomes: tuple[EventOutcome, ...]
    """The outcomes for the arrivals that accept the event, up to `MAX_OUTCOMES`."""


def outcome_for(logged: LoggedEvent, task: str, arrival: Arrival) -> EventOutcome | None:
    """Return the outcome of an event for an arrival; None if another source sent the event."""
    for each in logged.outcomes:
        if (each.task, each.arrival) == (task, arrival.name):
            return each
    event = logged.received.event
    reason = refusal(arrival, event) if accepts_source(arrival, event) else None
    if reason is None:
        return None
    return EventOutcome(
        task=task, arrival=arrival.name, outcome=ArrivalOutcome.FILTERED_OUT, reason=reason
    )
