"""Defines the state of a Dispatcher: waiting runs, leases, limits and start logs.

Used capacity is not a counter. It is the sum of the weights of the live leases, so a lost or
repeated message cannot make it wrong.

Times are whole milliseconds since 1970, which are exact and small in the stored state.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.rates import StartLog
from polysync_core.domain.runs.identity import BackfillId, RunId

AGEING = timedelta(seconds=10)
"""One point of priority equals this much waiting time, which prevents starvation."""
_AGEING_MILLIS = AGEING // timedelta(milliseconds=1)

type StartLogKey = tuple[str, str]
"""A rate profile and its Platform; the Platform is empty for a global profile."""


def millis(moment: datetime) -> int:
    """Return a time as whole milliseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND


def moment(instant: int) -> datetime:
    """Return the time of an instant in milliseconds; the inverse of `millis`."""
    return _EPOCH + instant * _MILLISECOND


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRun:
    """A run that waits for a lease."""

    run_id: RunId
    attempt: int
    task: str | None
    """None for a run of a Job without a Task."""
    priority: int
    queued_at: datetime
    platform: str = ""
    not_before: datetime | None = None
    """The end of the back-off before a retry; None allows a start at once."""
    backfill_id: BackfillId | None = None
    """The backfill that created the run."""
    backfill_limit: int | None = None
    """The maximum of concurrent runs of the backfill; None means no limit."""


class WaitingEntry(NamedTuple):
    """A waiting run in the state; a tuple, because the state may hold thousands."""

    run_id: RunId
    attempt: int
    task: str | None
    platform: str
    priority: int
    queued: int
    not_before: int = 0
    deferred_until: int = 0
    deferred_by: str = ""
    """The profile that deferred the run to its next window."""
    backfill_id: BackfillId | None = None
    backfill_limit: int | None = None

    @property
    def rank(self) -> tuple[int, int, RunId]:
        """Return the sort key of the start order; the smallest starts first.

        Ageing raises the priority of all runs at the same rate. So the order of two runs never
        changes, and the key is constant.
        """
        return self.queued - self.priority * _AGEING_MILLIS, self.queued, self.run_id

    @property
    def waiting_since(self) -> int:
        """Return the start of the wait for limits, without the back-off before it."""
        return max(self.queued, self.not_before)


def waiting_entry(waiting: WaitingRun) -> WaitingEntry:
    """Return the entry of a waiting run in the state."""
    return WaitingEntry(
        run_id=waiting.run_id,
        attempt=waiting.attempt,
        task=waiting.task,
        platform=waiting.platform,
        priority=waiting.priority,
        queued=millis(waiting.queued_at),
        not_before=0 if waiting.not_before is None else millis(waiting.not_before),
        backfill_id=waiting.backfill_id,
        backfill_limit=waiting.backfill_limit,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right of one attempt to run, until it is released."""

    run_id: RunId
    attempt: int
    task: str | None
    granted_at: datetime
    platform: str = ""
    weight: int = 1
    backfill_id: BackfillId | None = None
    backfill_limit: int | None = None


def lease_of(entry: WaitingEntry, *, weight: int, now: int) -> Lease:
    """Return the lease of a run that starts."""
    return Lease(
        run_id=entry.run_id,
        attempt=entry.attempt,
        task=entry.task,
        granted_at=moment(now),
        platform=entry.platform,
        weight=weight,
        backfill_id=entry.backfill_id,
        backfill_limit=entry.backfill_limit,
    )


@dataclass(slots=True)
class DispatcherState:
    """The whole state of one shard's Dispatcher."""

    waiting: dict[RunId, WaitingEntry] = field(default_factory=dict[RunId, WaitingEntry])
    """Sorted by rank, so that no dispatch round has to sort."""
    leases: dict[RunId, Lease] = field(default_factory=dict[RunId, Lease])
    policies: PolicySet = field(default_factory=PolicySet)
    start_logs: dict[StartLogKey, StartLog] = field(default_factory=dict[StartLogKey, StartLog])
    timer_at: int | None = None
    """The time of the next wake-up signal that the Dispatcher has sent to itself."""

    @property
    def is_empty(self) -> bool:
        """Return whether the state holds nothing that must be kept."""
        return not (self.waiting or self.leases or self.start_logs or self.policies.has_holds)

    def copy(self) -> DispatcherState:
        """Return a copy that later operations on this state do not change."""
        return DispatcherState(
            waiting=dict(self.waiting),
            leases=dict(self.leases),
            policies=self.policies.copy(),
            start_logs={key: log.copy() for key, log in self.start_logs.items()},
            timer_at=self.timer_at,
        )

    def add_waiting(self, waiting: WaitingEntry) -> None:
        """Insert an entry by its rank; it replaces an earlier entry of the same run."""
        self.waiting.pop(waiting.run_id, None)
        entries = list(self.waiting.values())
        entries.insert(bisect(entries, waiting.rank, key=_rank), waiting)
        self.waiting = {each.run_id: each for each in entries}

    def update_waiting(self, changed: Iterable[WaitingEntry]) -> None:
        """Replace entries whose ranks are unchanged."""
        for each in changed:
            self.waiting[each.run_id] = each


def _rank(each: WaitingEntry) -> tuple[int, int, RunId]:
    return each.rank
