"""Checks the event batches that are due, and starts a run for each.

A start is stored before it is executed (write-ahead). After a crash, the next check finds it and
finishes it: the id of the run is derived from its events, so the run is created once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.application.arrivals.starting import ArrivalStarter, Start
from polysync_core.application.arrivals.store import ArrivalStore
from polysync_core.application.ports import Engine, RunReader
from polysync_core.domain.arrivals.batches import (
    Batch,
    BatchStart,
    BatchWait,
    Collected,
    DueBatch,
    PendingBatch,
    StoredBatch,
    decide,
)
from polysync_core.domain.arrivals.definition import MAX_EVENTS, Arrival
from polysync_core.domain.arrivals.run_arrival import in_order
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import NotFound, PolysyncError, StaleETag
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.identity import derived_run_id
from polysync_core.domain.runs.skip import Skip, SkipKind
from polysync_core.domain.runs.status import RunStatus

MAX_BATCHES = 500
"""Batches that one check processes; the next check begins with the oldest."""
MAX_ROUNDS = 20
"""Runs that one check starts for one arrival."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCheck:
    """Starts the runs of batches that are due."""

    store: ArrivalStore
    definitions: DefinitionReader
    runs: RunReader
    starter: ArrivalStarter
    clock: Clock

    def next_due(self, after: datetime) -> datetime | None:
        """Return the first due time of a batch after a time, or None."""
        return self.store.next_due(after=after)

    def check(self, engine: Engine) -> None:
        """Process every batch that is due; a batch that fails stops no other batch."""
        for due in self.store.due(self.clock(), limit=MAX_BATCHES):
            facts = {"batch": f"{due.identity}:{due.arrival}"}
            try:
                self._process(due, engine)
            except StaleETag:
                # An event or another check has changed the batch; the next check sees it.
                continue
            except PolysyncError as error:
                extra = {"action": "arrival_deferred", "error": str(error), **facts}
                _log.warning("A batch of events must wait for the next check.", extra=extra)
            except Exception:
                extra = {"action": "arrival_failed", **facts}
                _log.exception("A batch of events failed unexpectedly.", extra=extra)

    def _process(self, due: DueBatch, engine: Engine) -> None:
        for _ in range(MAX_ROUNDS):
            stored = self.store.get(due.identity, due.arrival)
            if stored is None or stored.batch.due > self.clock():
                return
            if not self._step(stored, engine):
                return

    def _step(self, stored: StoredBatch, engine: Engine) -> bool:
        """Take the next step of a due batch; return whether another step may follow."""
        batch = stored.batch
        task = self._task(batch)
        if task is None:
            self._end(stored)
            return False
        if batch.pending is not None:
            self._finish(stored, batch.pending, task, engine)
            return True
        arrival = _arrival_of(task, batch)
        limit = MAX_EVENTS if arrival is None else arrival.maximum_count
        collected = self.store.events(batch.identity, batch.arrival, limit=limit)
        stopped = _stopped(task, arrival)
        if arrival is None or stopped is not None:
            return self._stop(stored, collected, stopped)
        match decide(arrival, collected, now=self.clock()):
            case BatchStart(count=count):
                self._plan(stored, collected, count, skip=None)
                return True
            case BatchWait() as wait:
                return self._wait(stored, wait)

    def _wait(self, stored: StoredBatch, wait: BatchWait) -> bool:
        batch = stored.batch
        if wait.needs_event and not batch.closing:
            # An event that was added after the read opens the batch again.
            self.store.put(replace(batch, closing=True), replacing=stored)
            return True
        if wait.until is None:
            self.store.remove(stored)
        else:
            self.store.put(replace(batch, due=wait.until, closing=False), replacing=stored)
        return False

    def _stop(self, stored: StoredBatch, collected: Collected, reason: str | None) -> bool:
        """Record the events of an arrival that was disabled or removed."""
        if not collected.events:
            return self._wait(stored, BatchWait(until=None, needs_event=True))
        self._plan(stored, collected, len(collected.events), skip=reason)
        return True

    def _plan(
        self, stored: StoredBatch, collected: Collected, count: int, *, skip: str | None
    ) -> None:
        batch = stored.batch
        keys = tuple(each.key for each in collected.events[:count])
        run_id = derived_run_id("batch", batch.identity, batch.arrival, *keys)
        pending = PendingBatch(run_id=run_id, keys=keys, at=self.clock(), skip=skip)
        self.store.put(replace(batch, pending=pending, closing=False), replacing=stored)

    def _finish(
        self, stored: StoredBatch, pending: PendingBatch, task: Task, engine: Engine
    ) -> None:
        """Create the run of a planned start, then remove its events."""
        batch = stored.batch
        if self.runs.get(pending.run_id) is None:
            self._start(batch, pending, task, engine)
        self.store.discard(batch.identity, batch.arrival, pending.keys)
        self.store.put(replace(batch, pending=None, due=self.clock()), replacing=stored)

    def _start(self, batch: Batch, pending: PendingBatch, task: Task, engine: Engine) -> None:
        arrival = _arrival_of(task, batch)
        skip = pending.skip or _stopped(task, arrival)
        events = self.store.read(batch.identity, batch.arrival, pending.keys)
        start = Start(
            task=task,
            arrival=batch.arrival,
            parameters={} if arrival is None else arrival.parameters,
            events=in_order(each.received for each in events),
            run_id=pending.run_id,
            at=pending.at,
        )
        if skip is None:
            self.starter.start(start, engine)
        else:
            self.starter.skip(start, _skipped(task, skip, len(events)), engine)

    def _end(self, stored: StoredBatch) -> None:
        """Forget the events of a Task that was deleted."""
        batch = stored.batch
        while (found := self.store.events(batch.identity, batch.arrival, limit=MAX_EVENTS)).events:
            keys = [each.key for each in found.events]
            self.store.discard(batch.identity, batch.arrival, keys)
        self.store.remove(stored)
        facts = {"task": batch.task, "arrival": batch.arrival}
        _log.info(
            "A batch of events ended with its task.", extra={"action": "arrival_ended", **facts}
        )

    def _task(self, batch: Batch) -> Task | None:
        try:
            task = self.definitions.task(batch.task)
        except NotFound:
            return None
        return task if task.identity == batch.identity else None


def _arrival_of(task: Task, batch: Batch) -> Arrival | None:
    return next((each for each in task.arrivals if each.name == batch.arrival), None)


def _stopped(task: Task, arrival: Arrival | None) -> str | None:
    """Return the reason why collected events start no run; None if they do."""
    if not task.enabled:
        return "the task is disabled"
    if arrival is None:
        return "the arrival was removed"
    return None if arrival.enabled else f"arrival {arrival.name} is disabled"


def _skipped(task: Task, reason: str, count: int) -> Outcome:
    kind = SkipKind.ARRIVAL_CHANGED if task.enabled else SkipKind.TASK_DISABLED
    sentence = f"Skipped: {reason}, and {count} events were collected."
    return Outcome(status=RunStatus.SKIPPED, reason=sentence, skip=Skip(kind=kind))
