"""Defines the storage interface for received events and event batches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from polysync_core.domain.arrivals.batches import (
    Batch,
    Collected,
    CollectedEvent,
    DueBatch,
    StoredBatch,
)
from polysync_core.domain.arrivals.outcomes import LoggedEvent
from polysync_core.domain.arrivals.run_arrival import ReceivedEvent


class ArrivalStore(Protocol):
    """Stores collected events and their batches, indexed by the due time.

    Every call may raise `Unavailable`; a write may raise `Uncertain`. The cost of a call does not
    grow with the number of events, except that of reading the events of one batch.
    """

    def add(self, identity: str, arrival: str, received: ReceivedEvent) -> bool:
        """Add an event to those of an arrival; return False if it was added before."""
        ...

    def record(self, logged: LoggedEvent) -> None:
        """Add a received event to the log of all Tasks."""
        ...

    def recent(self, *, limit: int) -> Sequence[LoggedEvent]:
        """Return the newest received events of all Tasks, the newest first."""
        ...

    def get(self, identity: str, arrival: str) -> StoredBatch | None:
        """Return a batch by one point read."""
        ...

    def of_task(self, identity: str) -> Sequence[StoredBatch]:
        """Return the batches of a Task."""
        ...

    def put(self, batch: Batch, *, replacing: StoredBatch | None) -> StoredBatch:
        """Write a batch over the one that it replaces, or a new one; may raise `StaleETag`."""
        ...

    def remove(self, stored: StoredBatch) -> None:
        """Delete a batch if it is unchanged since its read; otherwise raise `StaleETag`."""
        ...

    def next_due(self, *, after: datetime) -> datetime | None:
        """Return the first due time after a time, or None."""
        ...

    def due(self, now: datetime, *, limit: int) -> Sequence[DueBatch]:
        """Return the batches that are due, the oldest first."""
        ...

    def events(self, identity: str, arrival: str, *, limit: int) -> Collected:
        """Return the first events, in the order of their arrival."""
        ...

    def read(self, identity: str, arrival: str, keys: Sequence[str]) -> Sequence[CollectedEvent]:
        """Return the events of some keys that still exist."""
        ...

    def discard(self, identity: str, arrival: str, keys: Sequence[str]) -> None:
        """Delete the events of some keys; they stay known as received."""
        ...
