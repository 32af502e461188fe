"""Calls each timer function when it is due, and once after a missed time."""

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

#: Seconds between two reads of the wall clock, which may have been changed.
CLOCK_CHECK = 15.0
#: Timers with a shorter interval do not store their next due time.
MONITORED = timedelta(minutes=1)


class Clock:
    """The wall clock."""

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait for some seconds."""
        await asyncio.sleep(seconds)


class DueTimes:
    """Stores the next due time of each timer, so that a missed time is found."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._times: dict[str, dict[str, str]] = {}
        if path.exists():
            try:
                self._times = json.loads(path.read_text())
            except ValueError:
                log.warning("The stored due times cannot be read; the host starts without them.")

    def was_missed(self, name: str, schedule: str, now: datetime) -> bool:
        """Return whether the timer, with the same schedule, was due while no host ran."""
        stored = self._times.get(name)
        if not stored or stored["schedule"] != schedule:
            return False
        return datetime.fromisoformat(stored["next"]) < now

    def note(self, name: str, schedule: str, at: datetime) -> None:
        """Store the next due time of a timer."""
        self._times[name] = {"schedule": schedule, "next": at.isoformat()}
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(self._times))
        draft.replace(self._path)


class TimerTrigger:
    """Calls one timer function on its schedule."""

    def __init__(
        self,
        app: FunctionApp,
        function: Function,
        due_times: DueTimes,
        clock: Clock | None = None,
    ) -> None:
        self._app = app
        self._function = function
        self._expression = function.setting("schedule")
        self._schedule: Schedule = parse(self._expression)
        self._due_times = due_times
        self._clock = clock or Clock()
        self._now = self._clock.now

    async def run(self) -> None:
        """Call the function at each due time, and first for a missed time."""
        name = self._function.name
        monitored = self._is_monitored()
        if monitored and self._due_times.was_missed(name, self._expression, self._now()):
            await self._fire(past_due=True)
        elif self._function.trigger.get("runOnStartup"):
            await self._fire(past_due=False)
        while (due := self._schedule.next_after(self._now())) is not None:
            if monitored:
                self._due_times.note(name, self._expression, due)
            if await self._sleep_until(due):
                await self._fire(past_due=False)
        log.warning("A timer is never due.", extra={"function": name, "schedule": self._expression})

    def _is_monitored(self) -> bool:
        if self._function.trigger.get("useMonitor") is False:
            return False
        first = self._schedule.next_after(self._now())
        second = self._schedule.next_after(first) if first else None
        return first is None or second is None or second - first >= MONITORED

    async def _sleep_until(self, due: datetime) -> bool:
        """Return True at the due time, or False if the clock was set back."""
        before = self._now()
        while (left := (due - self._now()).total_seconds()) > 0:
            await self._clock.sleep(min(left, CLOCK_CHECK))
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
                "A timer function failed; the next call is at its next due time.\n%s",
                outcome.failure.trace.rstrip(),
                extra={"action": "timer_function_failed", "function": self._function.name},
            )
