"""What a Dispatcher knows.

Used capacity is never counted up or down: it is the weight of the live leases, each with a named
holder. So a lost or repeated message cannot make a limit drift.

Inside, time is whole milliseconds since 1970: exact, and small in the stored state.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.rates import GrantLog
from polysync_core.domain.runs.identity import BackfillId, RunId

AGEING = timedelta(seconds=10)
"""One point of priority is worth this much waiting, so nothing waits for ever."""
_AGEING_MILLIS = AGEING // timedelta(milliseconds=1)

type LogKey = tuple[str, str]
"""A rate profile and the Platform it counts for; the latter is empty where all count together."""


def millis(moment: datetime) -> int:
    """Return a time as whole milliseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND


def moment(instant: int) -> datetime:
    """Return the time that `millis` was given, to the millisecond."""
    return _EPOCH + instant * _MILLISECOND


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A run that wants to start."""

    run_id: RunId
    attempt: int
    task: str
    """Empty for a run of a Job without a Task."""
    priority: int
    queued_at: datetime
    platform: str = ""
    not_before: datetime | None = None
    """The end of a retry's back-off; None is at once."""
    backfill_id: BackfillId | None = None
    """The backfill that made the run."""
    backfill_limit: int | None = None
    """The most runs of the backfill that may run at once; None is no limit."""


class WaitingEntry(NamedTuple):
    """A waiting run in the state; as a tuple it is cheap to read and to write by the thousand."""

    run_id: RunId
    attempt: int
    task: str
    platform: str
    priority: int
    queued: int
    not_before: int = 0
    deferred_until: int = 0
    deferred_by: str = ""
    """The profile that sent the run to its next window."""
    backfill_id: BackfillId | None = None
    backfill_limit: int | None = None

    @property
    def rank(self) -> tuple[int, int, RunId]:
        """The order of starting, smallest first.

        Ageing adds to the priority in proportion to the time waited; as it does so for all alike,
        the order of two runs never changes and is known from the start.
        """
        return self.queued - self.priority * _AGEING_MILLIS, self.queued, self.run_id

    @property
    def since(self) -> int:
        """When it began to wait for its limits; a back-off is not part of that."""
        return max(self.queued, self.not_before)


def ticket(waiting: Waiting) -> WaitingEntry:
    """Return a waiting run as the state keeps it."""
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
    task: str
    granted_at: datetime
    platform: str = ""
    weight: int = 1
    backfill_id: BackfillId | None = None
    backfill_limit: int | None = None


@dataclass(slots=True)
class DispatcherState:
    """All that one shard's Dispatcher knows."""

    waiting: dict[RunId, WaitingEntry] = field(default_factory=dict[RunId, WaitingEntry])
    """In the order of their ranks, so that no decision has to sort them."""
    leases: dict[RunId, Lease] = field(default_factory=dict[RunId, Lease])
    policies: PolicySet = field(default_factory=PolicySet)
    logs: dict[LogKey, GrantLog] = field(default_factory=dict[LogKey, GrantLog])
    alarm: int | None = None
    """When the next signal to itself comes, as far as it is known to be under way."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left that has to be remembered."""
        return not (self.waiting or self.leases or self.logs)

    def admit(self, waiting: WaitingEntry) -> None:
        """Put a run at its place among those that wait, instead of what waited for it."""
        self.waiting.pop(waiting.run_id, None)
        tickets = list(self.waiting.values())
        tickets.insert(bisect(tickets, waiting.rank, key=_rank), waiting)
        self.waiting = {each.run_id: each for each in tickets}

    def replace(self, changed: Iterable[WaitingEntry]) -> None:
        """Change tickets whose ranks stay the same."""
        for each in changed:
            self.waiting[each.run_id] = each


def _rank(each: WaitingEntry) -> tuple[int, int, RunId]:
    return each.rank
