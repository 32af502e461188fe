"""Receives events, finds the matching Tasks, and starts runs or collects the events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from polysync_core.application.arrivals.collecting import BatchCollector
from polysync_core.application.arrivals.starting import ArrivalStarter, Start, run_id_of_event
from polysync_core.application.arrivals.store import ArrivalStore
from polysync_core.application.ports import Engine, RunReader
from polysync_core.domain.arrivals.definition import Arrival
from polysync_core.domain.arrivals.event import Event
from polysync_core.domain.arrivals.matching import refusal
from polysync_core.domain.arrivals.outcomes import (
    MAX_OUTCOMES,
    ArrivalOutcome,
    EventOutcome,
    LoggedEvent,
)
from polysync_core.domain.arrivals.run_arrival import ReceivedEvent
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedResult:
    """An event with its outcomes for the Tasks that wait for it."""

    event: Event
    outcomes: tuple[EventOutcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventIntake:
    """Receives events of any sender."""

    definitions: DefinitionSource
    runs: RunReader
    starter: ArrivalStarter
    collector: BatchCollector
    store: ArrivalStore
    clock: Clock

    def receive(self, events: Sequence[Event], engine: Engine) -> list[ReceivedResult]:
        """Start or collect the runs of some events; a repeated event changes nothing.

        When this returns, every run and every collected event is stored. Raises `Unavailable` or
        `ShardFull` if the sender must deliver the events again.
        """
        tasks: dict[str, list[Task]] = {}
        results: list[ReceivedResult] = []
        for event in events:
            if event.source not in tasks:
                tasks[event.source] = self._tasks(event.source)
            received = ReceivedEvent(event=event, received_at=self.clock())
            outcomes = tuple(self._outcomes(received, tasks[event.source], engine))
            if tasks[event.source]:
                kept = outcomes[:MAX_OUTCOMES]
                self.store.record(LoggedEvent(received=received, outcomes=kept))
            results.append(ReceivedResult(event=event, outcomes=outcomes))
        return results

    def _tasks(self, source: str) -> list[Task]:
        found = (stored for stored in self.definitions.listeners(source) if stored.broken is None)
        return [each.definition for each in found if isinstance(each.definition, Task)]

    def _outcomes(
        self, received: ReceivedEvent, tasks: Sequence[Task], engine: Engine
    ) -> list[EventOutcome]:
        return [
            self._take(task, arrival, received, engine)
            for task in tasks
            for arrival in task.arrivals
            if refusal(arrival, received.event) is None
        ]

    def _take(
        self, task: Task, arrival: Arrival, received: ReceivedEvent, engine: Engine
    ) -> EventOutcome:
        if not (task.enabled and arrival.enabled):
            what = f"arrival {arrival.name}" if task.enabled else "task"
            reason = f"the {what} is disabled"
            return _outcome(task, arrival, ArrivalOutcome.IGNORED, reason)
        if arrival.collects:
            is_new = self.collector.collect(task, arrival, received)
            return _collected(task, arrival, is_new=is_new)
        run_id = run_id_of_event(task, arrival, received)
        if self.runs.get(run_id) is not None:
            reason = "the event was delivered before"
            outcome = _outcome(task, arrival, ArrivalOutcome.REPEATED, reason)
        else:
            start = Start(
                task=task,
                arrival=arrival.name,
                parameters=arrival.parameters,
                events=[received],
                run_id=run_id,
            )
            self.starter.start(start, engine)
            outcome = _outcome(task, arrival, ArrivalOutcome.STARTED, "the event starts a run")
        return replace(outcome, run_id=run_id)


def _collected(task: Task, arrival: Arrival, *, is_new: bool) -> EventOutcome:
    if not is_new:
        reason = "the event was delivered before"
        return _outcome(task, arrival, ArrivalOutcome.REPEATED, reason)
    return _outcome(task, arrival, ArrivalOutcome.COLLECTED, "the event waits for its batch")


def _outcome(task: Task, arrival: Arrival, outcome: ArrivalOutcome, reason: str) -> EventOutcome:
    return EventOutcome(task=task.name, arrival=arrival.name, outcome=outcome, reason=reason)
