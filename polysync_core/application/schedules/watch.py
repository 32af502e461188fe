"""Fires schedules and checks deadlines at the exact second, between the minute ticks.

The indexes of due times give the next due time. The watch waits for this time and runs a step. The
minute timer processes entries whose time has passed, so a failed entry is not retried at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from polysync_core.application.ports import Engine
from polysync_core.domain.clock import Clock

LOOK = timedelta(seconds=1)
"""The longest wait of a host that watches all the time: a new schedule is seen after it."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An index of due times, and the step that processes the due entries."""

    next_due: Callable[[datetime], datetime | None]
    """Returns the first due time after a time, or None."""
    step: Callable[[Engine], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleWatch:
    """Runs a step at each due time."""

    watched: Sequence[Watched]
    clock: Clock

    def step(self, since: datetime, engine: Engine) -> tuple[datetime, timedelta]:
        """Process the entries that became due since a time; return this time and the next wait."""
        now, waits = self.clock(), [LOOK]
        for each in self.watched:
            due = each.next_due(since)
            if due is not None and due <= now:
                each.step(engine)
                due = each.next_due(now)
            if due is not None:
                waits.append(due - self.clock())
        return now, max(min(waits), timedelta())

    def until_next_minute(self, engine: Engine, wait: Callable[[float], object]) -> None:
        """Process at each due time before the next minute; without one, return at once.

        The minute timer of a host calls it after its tick. `wait` waits for some seconds.
        """
        now = self.clock()
        end = now.replace(second=0, microsecond=0) + _MINUTE
        while (due := self._first(now)) is not None and due < end:
            wait(max(0.0, (due - self.clock()).total_seconds()))
            since, now = now, max(self.clock(), due)
            for each in self.watched:
                first = each.next_due(since)
                if first is not None and first <= now:
                    each.step(engine)

    def _first(self, after: datetime) -> datetime | None:
        found = (each.next_due(after) for each in self.watched)
        return min((due for due in found if due is not None), default=None)
