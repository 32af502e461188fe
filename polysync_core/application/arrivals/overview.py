"""Reads the events that a Task has collected, and the outcomes of recent events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from polysync_core.application.arrivals.store import ArrivalStore
from polysync_core.domain.arrivals.batches import BatchStart, decide
from polysync_core.domain.arrivals.definition import Arrival
from polysync_core.domain.arrivals.outcomes import EventOutcome, outcome_for
from polysync_core.domain.arrivals.run_arrival import ReceivedEvent
from polysync_core.domain.clock import Clock, rfc3339
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Task

MAX_LOGGED = 200
"""The newest received events of all Tasks that the overview reads."""
MAX_SHOWN = 50
"""The events of one Task that the overview shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectingBatch:
    """The events that an arrival collects at present."""

    count: int
    first_at: datetime
    last_at: datetime
    starts_at: datetime | None
    """The start if no further event comes; None while the batch waits for further events."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalStatus:
    """An arrival with the events that it collects."""

    arrival: Arrival
    collecting: CollectingBatch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEvent:
    """An event with its outcome for one arrival of the Task."""

    received: ReceivedEvent
    outcome: EventOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalsOverview:
    """The arrivals of a Task, and the newest events."""

    statuses: Sequence[ArrivalStatus]
    events: Sequence[TaskEvent]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskArrivals:
    """Reads the state of the arrivals of a Task."""

    definitions: DefinitionReader
    store: ArrivalStore
    clock: Clock

    def overview(self, name: str) -> ArrivalsOverview:
        """Return the arrivals of a Task and its newest events; raises `NotFound`."""
        task = self.definitions.task(name)
        events = list(self._events(task)) if task.arrivals else []
        return ArrivalsOverview(statuses=self.statuses(task), events=events[:MAX_SHOWN])

    def statuses(self, task: Task) -> list[ArrivalStatus]:
        """Return each arrival of a Task with the events that it collects."""
        return [
            ArrivalStatus(arrival=each, collecting=self._collecting(task, each))
            for each in task.arrivals
        ]

    def notes(self, task: Task) -> list[str]:
        """Return a sentence about each arrival of a Task."""
        return [_note(status) for status in self.statuses(task)]

    def _events(self, task: Task) -> Iterator[TaskEvent]:
        for logged in self.store.recent(limit=MAX_LOGGED):
            for arrival in task.arrivals:
                outcome = outcome_for(logged, task.name, arrival)
                if outcome is not None:
                    yield TaskEvent(received=logged.received, outcome=outcome)

    def _collecting(self, task: Task, arrival: Arrival) -> CollectingBatch | None:
        if self.store.get(task.identity, arrival.name) is None:
            return None
        limit = arrival.maximum_count
        collected = self.store.events(task.identity, arrival.name, limit=limit)
        if not collected.events:
            return None
        times = [each.received.received_at for each in collected.events]
        now = self.clock()
        decision = decide(arrival, collected, now=now)
        if isinstance(decision, BatchStart):
            starts_at, sentence = now, "the run starts at the next check"
        elif decision.needs_event:
            starts_at, sentence = None, _waits(arrival, decision.until)
        else:
            starts_at, sentence = decision.until, f"the run starts at {_time(decision.until)}"
            sentence += " unless another event comes before"
        return CollectingBatch(
            count=len(times),
            first_at=times[0],
            last_at=times[-1],
            starts_at=starts_at,
            sentence=f"{len(times)} events are collected; {sentence}.",
        )


def _waits(arrival: Arrival, until: datetime | None) -> str:
    waits = f"the run waits for {arrival.minimum_count} events"
    if arrival.maximum_wait_seconds is None:
        return waits
    return f"{waits}, until {_time(until)} at the latest"


def _note(status: ArrivalStatus) -> str:
    arrival = status.arrival
    if not arrival.enabled:
        return f"Arrival {arrival.name} is disabled: it ignores events."
    if status.collecting is not None:
        return f"Arrival {arrival.name}: {status.collecting.sentence}"
    how = "collects events in batches" if arrival.collects else "starts a run for each event"
    return f"Arrival {arrival.name} {how}; no event waits."


def _time(at: datetime | None) -> str:
    return "the next check" if at is None else rfc3339(at)
