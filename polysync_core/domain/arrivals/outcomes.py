"""Defines the outcomes of an event for the Tasks that it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from polysync_core.domain.runs.identity import RunId


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
