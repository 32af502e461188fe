"""Counts the usage of concurrency limits and rate limits during one dispatch round."""

from __future__ import annotations

from dataclasses import dataclass, field

from polysync_core.domain.dispatch.holds import Hold
from polysync_core.domain.dispatch.policies import ConcurrencyRule, ProfilePolicy, StartRateRule
from polysync_core.domain.dispatch.rates import (
    StartLog,
    next_start,
    prepare,
    record,
    window_end,
)
from polysync_core.domain.runs.identity import RunId

_DEFAULT_WINDOW_MILLIS = 60_000


@dataclass(slots=True, eq=False)
class ConcurrencyLimit:
    """Slots that leases use: of a concurrency profile, a Task or a backfill."""

    size: int
    profile: ProfilePolicy | None = None
    scope: str = ""
    """The Platform, Task or backfill that is limited; empty for a global profile."""
    of_backfill: bool = False
    hold: Hold | None = None
    """Set if the limit is a hold, which has no slots."""
    used: int = 0
    reserved: int = 0
    """Slots that are reserved for `reserved_for` and closed to runs behind it."""
    reserved_for: RunId | None = None

    def demand(self, weight: int) -> int:
        """Return the slots that one run needs, at most all slots."""
        return 1 if self.profile is None else min(weight, self.size)

    def has_room(self, demand: int) -> bool:
        """Return whether a run without a reservation may start."""
        return self.used + self.reserved + demand <= self.size

    def is_full(self, demand: int) -> bool:
        """Return whether too few slots are free, even without reservations."""
        return self.used + demand > self.size

    def take(self, demand: int) -> None:
        """Count the slots of a lease."""
        self.used += demand

    def reserve(self, demand: int, run_id: RunId) -> None:
        """Reserve slots, free or in use, for a run."""
        self.reserved += demand
        self.reserved_for = self.reserved_for or run_id

    def next_window(self, rule: ConcurrencyRule, now: int) -> int:
        """Return the next boundary of the windows of `DeferToNextWindow`."""
        window = rule.window or _DEFAULT_WINDOW_MILLIS
        return (now // window + 1) * window


@dataclass(slots=True, eq=False)
class StartRateLimit:
    """Starts within the rolling window of a rate profile."""

    rule: StartRateRule
    profile: ProfilePolicy
    scope: str
    log: StartLog
    now: int
    next_at: int = field(init=False)
    """The time of the next permitted start."""

    def __post_init__(self) -> None:
        prepare(self.rule, self.log, self.now)
        self.next_at = next_start(self.rule, self.log, self.now)

    def demand(self, _: int) -> int:
        """Return 1: the weight of a run does not count."""
        return 1

    def has_room(self, _: int) -> bool:
        """Return whether a run may start now."""
        return self.next_at <= self.now

    def is_full(self, _: int) -> bool:
        """Return whether no run may start now."""
        return self.next_at > self.now

    def take(self, _: int) -> None:
        """Count a start."""
        record(self.rule, self.log, self.now)
        self.next_at = next_start(self.rule, self.log, self.now)

    def next_window(self) -> int:
        """Return the end of the current window."""
        return max(window_end(self.log, self.now), self.now + 1)


type Limit = ConcurrencyLimit | StartRateLimit


def next_window(limit: Limit, now: int) -> int:
    """Return the time at which a deferred run is considered again."""
    if isinstance(limit, StartRateLimit):
        return limit.next_window()
    assert limit.profile is not None  # noqa: S101 - only a profile has an exceed action
    rule = limit.profile.rule
    if not isinstance(rule, ConcurrencyRule):
        rule = ConcurrencyRule(slots=limit.size)
    return limit.next_window(rule, now)


def longest_deferral(profile: ProfilePolicy) -> int:
    """Return the longest valid deferral.

    A longer one is left over from a clock that was set back or from former settings.
    """
    return profile.rule.window or _DEFAULT_WINDOW_MILLIS


@dataclass(slots=True)
class RunGroup:
    """The runs of one Task, Platform and backfill, which all have the same limits."""

    weight: int
    demands: list[tuple[Limit, int]]
    missing: list[str]
    """Policies that the Dispatcher does not know yet; no run starts without them."""
    multi_slot: bool
    """True if a run needs several slots, so that single-slot runs could starve it."""
    blocked: bool = False
    """True if a run of the group was skipped in this round; then all runs behind it are."""
    reserves_slots: bool = False
    """True if slots are reserved for a run of the group in this round."""
    is_held: bool = False
    """True if a hold keeps the runs from their start; then no exceeded limit ends them."""
    released_at: int = 0
    """The time of the newest release of a hold on the runs; queue time-outs count from then."""
    blocking_limits: list[Limit] = field(default_factory=list[Limit])
    """The limits that blocked the first skipped run."""

    def limits_without_room(self) -> list[Limit]:
        """Return the limits that would block a run now."""
        return [limit for limit, demand in self.demands if not limit.has_room(demand)]

    def exceeded_limits(self) -> list[Limit]:
        """Return the full limits, and those that blocked the group by a reservation."""
        full = [limit for limit, demand in self.demands if limit.is_full(demand)]
        return full + [limit for limit in self.blocking_limits if limit not in full]
