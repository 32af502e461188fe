"""Decides when a batch of received events starts a run.

A batch has a due time at which it is checked. A new event may only bring the due time forward.
Before a check postpones the due time beyond what a new event would need, it closes the batch and
reads the events again. An event that arrives meanwhile opens the batch, so no event is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from polysync_core.domain.arrivals.definition import Arrival
from polysync_core.domain.arrivals.run_arrival import ReceivedEvent
from polysync_core.domain.runs.identity import RunId

IDLE_CHECK = timedelta(days=1)
"""The time after which a batch that waits for more events is checked in any case."""
MAX_BYTES = 256 * 1024
"""The largest events of one batch; beyond it the batch starts and another one begins."""


class StartReason(StrEnum):
    """The reason why a batch starts its run."""

    QUIET = "Quiet"
    """Enough events came, and none came for the quiet time."""
    FULL = "Full"
    """The batch has its maximum of events."""
    MAXIMUM_WAIT = "MaximumWait"
    """The first event has waited for the maximum time."""
    CHANGED = "Changed"
    """The arrival no longer collects events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStart:
    """The decision to start a run with the first events."""

    count: int
    reason: StartReason


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWait:
    """The decision to wait."""

    until: datetime | None
    """The next check; None without events."""
    needs_event: bool
    """True if only a further event can start the run earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingBatch:
    """The events of a run that is being started."""

    run_id: RunId
    keys: tuple[str, ...]
    at: datetime
    skip: str | None = None
    """The reason why the run is skipped; None for a run that starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The state of the events that one arrival of a Task collects."""

    task: str
    identity: str
    """The identity of the Task: a Task that is defined anew has no batch."""
    arrival: str
    due: datetime
    """The next check."""
    closing: bool = False
    """True while a check decides to wait for further events."""
    pending: PendingBatch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBatch:
    """A batch as it was read, with the ETag that a write compares."""

    batch: Batch
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBatch:
    """A batch that is due."""

    identity: str
    arrival: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedEvent:
    """An event of a batch, with the key of its row."""

    key: str
    received: ReceivedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """The first events of a batch, in the order of their arrival."""

    events: Sequence[CollectedEvent]
    full: bool = False
    """True if the events reach the largest size of a batch."""


def decide(arrival: Arrival, collected: Collected, *, now: datetime) -> BatchStart | BatchWait:
    """Return whether the collected events of an arrival start a run now."""
    times = [each.received.received_at for each in collected.events]
    count = len(times)
    if not times:
        return BatchWait(until=None, needs_event=True)
    if not arrival.collects:
        return BatchStart(count=count, reason=StartReason.CHANGED)
    if collected.full or count >= arrival.maximum_count:
        return BatchStart(count=min(count, arrival.maximum_count), reason=StartReason.FULL)
    last_start = _last_start(arrival, times[0])
    if last_start is not None and now >= last_start:
        return BatchStart(count=count, reason=StartReason.MAXIMUM_WAIT)
    if count < arrival.minimum_count:
        return BatchWait(until=last_start or now + IDLE_CHECK, needs_event=True)
    quiet_at = times[-1] + timedelta(seconds=arrival.quiet_seconds)
    if now >= quiet_at:
        return BatchStart(count=count, reason=StartReason.QUIET)
    return BatchWait(until=min(quiet_at, last_start or quiet_at), needs_event=False)


def _last_start(arrival: Arrival, first: datetime) -> datetime | None:
    if arrival.maximum_wait_seconds is None:
        return None
    return first + timedelta(seconds=arrival.maximum_wait_seconds)
