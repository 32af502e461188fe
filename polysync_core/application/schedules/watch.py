"""Fires each schedule at its exact second, between the ticks of the minute timer.

The index of due times names the next fire time. The watch waits for it and runs a tick. A schedule
whose fire time has passed is left to the minute timer, so one that fails is not retried at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from polysync_core.application.ports import Engine, ScheduleStore
from polysync_core.application.schedules.tick import ScheduleTick
from polysync_core.domain.clock import Clock

LOOK = timedelta(seconds=1)
"""The longest wait of a host that watches all the time: a new schedule is seen after it."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleWatch:
    """Runs a tick at each fire time."""

    store: ScheduleStore
    tick: ScheduleTick
    clock: Clock

    def step(self, since: datetime, engine: Engine) -> tuple[datetime, timedelta]:
        """Fire the schedules that became due since a time; return this time and the next wait."""
        now = self.clock()
        due = self.store.next_due(after=since)
        if due is not None and due.at <= now:
            self.tick.tick(engine)
            due = self.store.next_due(after=now)
        wait = LOOK if due is None else due.at - self.clock()
        return now, min(max(wait, timedelta()), LOOK)

    def until_next_minute(self, engine: Engine, wait: Callable[[float], object]) -> None:
        """Fire at each fire time before the next minute; without one, return at once.

        The minute timer of a host calls it after its tick. `wait` waits for some seconds.
        """
        now = self.clock()
        end = now.replace(second=0, microsecond=0) + _MINUTE
        while (due := self.store.next_due(after=now)) is not None and due.at < end:
            wait(max(0.0, (due.at - self.clock()).total_seconds()))
            now = max(self.clock(), due.at)
            self.tick.tick(engine)
