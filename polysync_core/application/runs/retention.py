"""Forgetting, once a day, what is older than it has to be kept.

Each step has its time; what it does not get through is left for the next day. A step that fails
does not keep the others from their work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from polysync_core.application.ports import Engine, Runs
from polysync_core.domain.clock import Clock
from polysync_core.domain.runs.stored import ActiveRun

BUDGET = timedelta(seconds=90)
"""For each of the five steps: together, less than the host lets a function last."""
_DAY = timedelta(days=1)
_WINDOW = timedelta(hours=4)
"""The engine looks at all of its orchestrations for each window, so they are few; and it forgets
all of a window in one call, so they are short."""
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)

type Forget = Callable[[datetime, Callable[[], bool]], int]
"""Deletes what is from before a time while there is more time, and returns how much it was."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How long things are kept at least."""

    runs: timedelta
    """Also the audit, messages that were given up, and marks of outcomes."""
    engine: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Deletes what has been kept long enough; nothing that is still active or owed."""

    runs: Runs
    forget_runs: Forget
    forget_outcomes: Forget
    forget_audit: Forget
    forget_messages: Forget
    periods: Periods
    clock: Clock

    def purge(self, engine: Engine) -> dict[str, int]:
        """Do a day's work and return how much was deleted of each.

        A failure is told to the log with the name of its step, and raised when the rest is done.
        """
        before = self.clock() - self.periods.runs
        steps: dict[str, Callable[[Callable[[], bool]], int]] = {
            "orchestrations": lambda more: self._forget_ended(engine, more),
            "outcomes": lambda more: self.forget_outcomes(self._told_before(before), more),
            "audit": lambda more: self.forget_audit(before, more),
            "messages": lambda more: self.forget_messages(before, more),
            "runs": lambda more: self.forget_runs(before, more),
        }
        deleted: dict[str, int] = {}
        failures: list[Exception] = []
        for name, step in steps.items():
            try:
                deleted[name] = step(self._budget())
            except Exception as failure:
                failures.append(failure)
                _log.exception(
                    "What is old could not be deleted; it is tried again tomorrow.",
                    extra={"action": "purge_failed", "step": name},
                )
        _log.info("What is old was deleted.", extra={"action": "purged", **deleted})
        if failures:
            raise failures[0]
        return deleted

    def _budget(self) -> Callable[[], bool]:
        end = self.clock() + BUDGET
        return lambda: self.clock() < end

    def _forget_ended(self, engine: Engine, more: Callable[[], bool]) -> int:
        forgotten = 0
        for created_from, created_to in windows(self.clock() - self.periods.engine):
            if more():
                forgotten += engine.forget_ended(created_from, created_to)
        return forgotten

    def _told_before(self, before: datetime) -> datetime:
        """Return the time before which no outcome will be delivered again.

        An active run of old may have ended without its dependents having been told.
        """
        for owed in self.runs.owed():
            if owed.queued_at < before and self._has_ended(owed):
                before = owed.queued_at
        return before

    def _has_ended(self, owed: ActiveRun) -> bool:
        stored = self.runs.get(owed.run_id)
        return stored is not None and stored.run.status.is_terminal


def windows(before: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the windows to forget: all that days left over, then the day that is due, in parts."""
    start = before - _DAY
    yield _BEGINNING, start
    while start < before:
        yield start, start + _WINDOW
        start += _WINDOW
