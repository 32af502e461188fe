"""Adds received events to the open batch of a Task, for one common run."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from polysync_core.application.arrivals.store import ArrivalStore
from polysync_core.domain.arrivals.batches import Batch
from polysync_core.domain.arrivals.definition import Arrival
from polysync_core.domain.arrivals.run_arrival import ReceivedEvent
from polysync_core.domain.clock import Clock
from polysync_core.domain.conflicts import retry_on_conflict
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import PolysyncError, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCollector:
    """Adds events to batches, and lets the next check see them in time."""

    store: ArrivalStore
    clock: Clock

    def collect(self, task: Task, arrival: Arrival, received: ReceivedEvent) -> bool:
        """Add an event to the batch of an arrival; return False if it came before.

        The batch is found even for a repeated event: the first delivery may have crashed between
        the two writes.
        """
        is_new = self.store.add(task.identity, arrival.name, received)
        busy = f"Too many events of task '{task.name}' arrive at once: send this one again."
        retry_on_conflict(
            lambda: self._open(task, arrival), exhausted=Unavailable(busy, retry_after=1)
        )
        return is_new

    def wake(self, task: Task) -> None:
        """Let the next check see an edit of a Task, with best effort.

        A failure only delays the effect until the batch is due.
        """
        with suppress(PolysyncError):
            for stored in self.store.of_task(task.identity):
                self.store.put(replace(stored.batch, due=self.clock()), replacing=stored)

    def _open(self, task: Task, arrival: Arrival) -> None:
        """Ensure that a check comes at the end of the quiet time, or earlier."""
        due = self.clock() + timedelta(seconds=arrival.quiet_seconds)
        stored = self.store.get(task.identity, arrival.name)
        if stored is None:
            batch = Batch(task=task.name, identity=task.identity, arrival=arrival.name, due=due)
            self.store.put(batch, replacing=None)
        elif stored.batch.closing or stored.batch.due > due:
            self.store.put(replace(stored.batch, due=due, closing=False), replacing=stored)
