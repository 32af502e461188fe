"""The limits in force during one decision: what is taken of each, and whether there is room."""

from __future__ import annotations

from dataclasses import dataclass, field

from polysync_core.domain.dispatch.policies import Cap, ProfilePolicy, Rate
from polysync_core.domain.dispatch.rates import (
    GrantLog,
    next_start,
    prepare,
    record,
    window_end,
)
from polysync_core.domain.runs.identity import RunId


@dataclass(slots=True, eq=False)
class ConcurrencyLimit:
    """Slots that live leases hold: those of a concurrency profile, a Task's own or a backfill's."""

    size: int
    profile: ProfilePolicy | None = None
    scope: str = ""
    """The Platform, Task or backfill it counts for; empty where all Platforms count together."""
    of_backfill: bool = False
    used: int = 0
    kept: int = 0
    """Slots that nobody behind `kept_for` may take."""
    kept_for: RunId | None = None

    def need(self, weight: int) -> int:
        """Return the slots of one run; one that is heavier than all takes all."""
        return 1 if self.profile is None else min(weight, self.size)

    def room(self, need: int) -> bool:
        """Tell whether a run may start that nobody keeps slots from."""
        return self.used + self.kept + need <= self.size

    def is_full(self, need: int) -> bool:
        """Tell whether too little is left even if nothing were kept."""
        return self.used + need > self.size

    def take(self, need: int) -> None:
        """Count a lease."""
        self.used += need

    def keep(self, need: int, run_id: RunId) -> None:
        """Keep slots, taken or not, for a run."""
        self.kept += need
        self.kept_for = self.kept_for or run_id

    def next_window(self, cap: Cap, now: int) -> int:
        """Return the next boundary of the windows of `DeferToNextWindow`."""
        width = cap.window or 60_000
        return (now // width + 1) * width


@dataclass(slots=True, eq=False)
class StartRateLimit:
    """Starts within the rolling window of a rate profile."""

    rate: Rate
    profile: ProfilePolicy
    scope: str
    log: GrantLog
    now: int
    next_at: int = field(init=False)
    """When the next start is permitted."""

    def __post_init__(self) -> None:
        prepare(self.rate, self.log, self.now)
        self.next_at = next_start(self.rate, self.log, self.now)

    def need(self, _: int) -> int:
        """Return 1: a start is a start, whatever its weight."""
        return 1

    def room(self, _: int) -> bool:
        """Tell whether a run may start."""
        return self.next_at <= self.now

    def is_full(self, _: int) -> bool:
        """Tell whether no run may start."""
        return self.next_at > self.now

    def take(self, _: int) -> None:
        """Count a start."""
        record(self.rate, self.log, self.now)
        self.next_at = next_start(self.rate, self.log, self.now)

    def next_window(self) -> int:
        """Return the end of the window under way."""
        return max(window_end(self.log, self.now), self.now + 1)


type Limit = ConcurrencyLimit | StartRateLimit


def next_window(limit: Limit, now: int) -> int:
    """Return when a run that `DeferToNextWindow` holds back is considered again."""
    if isinstance(limit, StartRateLimit):
        return limit.next_window()
    assert limit.profile is not None  # noqa: S101 - only a profile has an exceed action
    gate = limit.profile.gate
    return limit.next_window(gate if isinstance(gate, Cap) else Cap(slots=limit.size), now)


@dataclass(slots=True)
class Group:
    """The runs of one Task on one Platform, and of one backfill: their limits are the same."""

    weight: int
    demands: list[tuple[Limit, int]]
    missing: list[str]
    """Policies that nobody has told the Dispatcher yet: nothing starts without them."""
    heavy: bool
    """Whether a run takes more than one slot, so that lighter ones could starve it."""
    shut: bool = False
    """Whether one of its runs was passed over in this decision; then all behind it are."""
    keeps: bool = False
    """Whether slots are kept for one of its runs in this decision."""
    barred: list[Limit] = field(default_factory=list[Limit])
    """The limits that passed over the first one."""

    def blocking(self) -> list[Limit]:
        """Return the limits that would pass a run over now."""
        return [limit for limit, need in self.demands if not limit.room(need)]

    def full(self) -> list[Limit]:
        """Return the limits that have too little left, and those that were kept from it."""
        full = [limit for limit, need in self.demands if limit.is_full(need)]
        return full + [limit for limit in self.barred if limit not in full]
