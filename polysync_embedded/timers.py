"""Calls a function each minute or once a day, and once after a missed time.

While the machine is suspended the event loop stands still, so the wall clock is read often.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Protocol

from polysync_core.domain.errors import PolysyncError

log = logging.getLogger(__name__)

CLOCK_CHECK = 15.0
"""Seconds between two reads of the wall clock, which may jump."""

type Due = Callable[[datetime], datetime]
"""Returns the next due time after a moment."""


class Clock(Protocol):
    """The wall clock."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for some seconds in which the machine runs."""
        ...


class WallClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait for some seconds in which the machine runs."""
        await asyncio.sleep(seconds)


def each_minute(after: datetime) -> datetime:
    """Return the beginning of the next minute."""
    return after.replace(second=0, microsecond=0) + timedelta(minutes=1)


def daily(at: time) -> Due:
    """Return the function that gives the next moment with this time of day, in UTC."""

    def next_after(after: datetime) -> datetime:
        today = datetime.combine(after.date(), at, UTC)
        return today if today > after else today + timedelta(days=1)

    return next_after


class DueTimes:
    """Stores due times, so that a time that was missed without a host is found."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> datetime | None:
        """Return the stored time of a timer; None if it is missing or unreadable."""
        try:
            return datetime.fromisoformat(json.loads(self._path.read_text())[name])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError):
            log.warning("The due time of a timer cannot be read.", extra={"timer": name})
            return None

    def note(self, name: str, at: datetime) -> None:
        """Store the next due time of a timer."""
        draft = self._path.with_suffix(".new")
        try:
            draft.write_text(json.dumps({name: at.isoformat()}))
            draft.replace(self._path)
        except OSError as error:
            log.warning(
                "The due time of a timer cannot be stored.",
                extra={"timer": name, "error": str(error)},
            )


@dataclass(frozen=True, kw_only=True)
class Timer:
    """Calls one function when it is due; a call never overlaps the next one."""

    name: str
    next_after: Due
    call: Callable[[], Awaitable[None]]
    clock: Clock
    at_start: bool = False
    """True if the first call is at the start of the host."""
    due_times: DueTimes | None = None
    """The store of the due time; a time that was missed without a host leads to one call."""

    async def run(self) -> None:
        """Call the function at each due time until cancelled."""
        if self.at_start or self._was_missed():
            await self._fire()
        while True:
            due = self.next_after(self.clock.now())
            if self.due_times is not None:
                self.due_times.note(self.name, due)
            await self._wait_until(due)
            await self._fire()

    def _was_missed(self) -> bool:
        stored = self.due_times.read(self.name) if self.due_times is not None else None
        return stored is not None and stored < self.clock.now()

    async def _wait_until(self, due: datetime) -> None:
        while (now := self.clock.now()) < due:
            # If the clock was set back, the due time comes nearer.
            due = min(due, self.next_after(now))
            await self.clock.sleep(min((due - now).total_seconds(), CLOCK_CHECK))

    async def _fire(self) -> None:
        try:
            await self.call()
        except Exception as error:
            _log_failure(self.name, error)


type WatchStep = Callable[[datetime], Awaitable[tuple[datetime, timedelta]]]
"""Does the due work since a time; returns the time of the step and the wait for the next one."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Repeats a step that says when it is due again."""

    name: str
    step: WatchStep
    clock: Clock

    async def run(self) -> None:
        """Repeat the step until cancelled; a failed step is repeated after a while."""
        since = self.clock.now()
        while True:
            wait = timedelta(seconds=CLOCK_CHECK)
            try:
                since, wait = await self.step(since)
            except Exception as error:
                _log_failure(self.name, error)
            await self.clock.sleep(wait.total_seconds())


def _log_failure(name: str, error: Exception) -> None:
    known = _known_reason(error)
    facts = {"action": "timer_failed", "timer": name}
    log.error(
        "A timer failed; its next call is at its next due time.",
        # A failure of the storage has one sentence; only a defect needs its traceback.
        extra=facts if known is None else {**facts, "error": known},
        exc_info=error if known is None else None,
    )


def _known_reason(error: Exception) -> str | None:
    """Return the sentences of an error of Polysync, or None for a defect."""
    if isinstance(error, ExceptionGroup):
        reasons = [_known_reason(each) for each in error.exceptions]
        known = [each for each in reasons if each is not None]
        return "; ".join(dict.fromkeys(known)) if len(known) == len(reasons) else None
    return str(error) if isinstance(error, PolysyncError) else None
