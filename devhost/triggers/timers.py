"""Timer triggers: each on its own task, so that a slow tick delays no other and never overlaps."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devhost.app.functions import Function
from devhost.app.messages import TypedData
from devhost.app.worker import FunctionApp
from devhost.triggers.ncrontab import Schedule, parse

log = logging.getLogger(__name__)

#: How often a sleeping timer looks at the wall clock, which may have been set, in seconds.
LOOK = 15.0
#: Timers that fire more often than this keep no record of their next time.
MONITORED = timedelta(minutes=1)


class Clock:
    """The wall clock, and how to wait on it."""

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""
        await asyncio.sleep(seconds)


class NextTimes:
    """The next time of every monitored timer, on disk: what was missed is made up for once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._times: dict[str, dict[str, str]] = {}
        if path.exists():
            try:
                self._times = json.loads(path.read_text())
            except ValueError:
                log.warning("The record of timers cannot be read and is begun anew.")

    def was_missed(self, name: str, schedule: str, now: datetime) -> bool:
        """Tell whether the timer, under the same schedule, was due while no host ran."""
        noted = self._times.get(name)
        if not noted or noted["schedule"] != schedule:
            return False
        return datetime.fromisoformat(noted["next"]) < now

    def note(self, name: str, schedule: str, at: datetime) -> None:
        """Write down when the timer is due next."""
        self._times[name] = {"schedule": schedule, "next": at.isoformat()}
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(self._times))
        draft.replace(self._path)


class TimerTrigger:
    """One timer function, fired on its schedule."""

    def __init__(
        self,
        app: FunctionApp,
        function: Function,
        next_times: NextTimes,
        clock: Clock | None = None,
    ) -> None:
        self._app = app
        self._function = function
        self._expression = function.setting("schedule")
        self._schedule: Schedule = parse(self._expression)
        self._next_times = next_times
        self._clock = clock or Clock()
        self._now = self._clock.now

    async def run(self) -> None:
        """Fire for ever; the missed time first, if there was one."""
        name = self._function.name
        monitored = self._is_monitored()
        if monitored and self._next_times.was_missed(name, self._expression, self._now()):
            await self._fire(past_due=True)
        elif self._function.trigger.get("runOnStartup"):
            await self._fire(past_due=False)
        while (due := self._schedule.next_after(self._now())) is not None:
            if monitored:
                self._next_times.note(name, self._expression, due)
            if await self._sleep_until(due):
                await self._fire(past_due=False)
        log.warning(
            "A timer never falls due.", extra={"function": name, "schedule": self._expression}
        )

    def _is_monitored(self) -> bool:
        if self._function.trigger.get("useMonitor") is False:
            return False
        first = self._schedule.next_after(self._now())
        second = self._schedule.next_after(first) if first else None
        return first is None or second is None or second - first >= MONITORED

    async def _sleep_until(self, due: datetime) -> bool:
        """Return True at that time, or False as soon as the clock was put back."""
        before = self._now()
        while (left := (due - self._now()).total_seconds()) > 0:
            await self._clock.sleep(min(left, LOOK))
            now = self._now()
            if now < before:
                return False
            before = now
        return True

    async def _fire(self, *, past_due: bool) -> None:
        status = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": {}, "IsPastDue": past_due}
        outcome = await self._app.invoke(self._function, TypedData(json=json.dumps(status)))
        if outcome.failure is not None:
            log.error(
                "A timer function failed; it is tried again at its next time.\n%s",
                outcome.failure.trace.rstrip(),
                extra={"action": "timer_function_failed", "function": self._function.name},
            )
