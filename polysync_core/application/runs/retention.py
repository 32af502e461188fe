"""Deletes expired runs, orchestrations, audit entries and other expired rows.

Each step has a time budget and leaves the rest for the next day. A failed step does not stop the
others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from polysync_core.application.ports import Engine, RunReader
from polysync_core.domain.clock import Clock
from polysync_core.domain.runs.stored import ActiveRun

BUDGET = timedelta(seconds=60)
"""Per step; the nine steps together stay below the time-out of a function."""
EVENTS_KEPT = timedelta(weeks=1)
"""The minimum time for which received events are known."""
_DAY = timedelta(days=1)
_WINDOW = timedelta(hours=4)
"""The engine scans all orchestrations for each window, so there are few windows. It deletes a whole
window in one call, so the windows are short."""
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)

type Purge = Callable[[datetime, Callable[[], bool]], int]
"""Deletes data from before a time while the budget lasts; returns the number of items."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """The minimum retention periods."""

    runs: timedelta
    """Also for audit entries, poison messages, versions of deleted definitions, tests,
    deliveries, missed deadlines and deduplication rows of gates."""
    engine: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Deletes expired data; never an active run, or an outcome that is still to be delivered."""

    runs: RunReader
    purge_runs: Purge
    purge_outcomes: Purge
    purge_audit: Purge
    purge_versions: Purge
    purge_messages: Purge
    purge_results: Purge
    purge_backfills: Purge
    purge_notifications: Purge
    purge_deadlines: Purge
    purge_arrivals: Purge
    periods: Periods
    clock: Clock

    def purge(self, engine: Engine) -> dict[str, int]:
        """Delete expired data, and return the number of deleted items of each kind.

        A failure is logged with the name of its step, and raised after the other steps.
        """
        before = self.clock() - self.periods.runs
        steps: dict[str, Callable[[Callable[[], bool]], int]] = {
            "orchestrations": lambda more: self._purge_orchestrations(engine, more),
            "outcomes": lambda more: self.purge_outcomes(self._delivered_before(before), more),
            "audit": lambda more: self.purge_audit(before, more),
            "versions": lambda more: self.purge_versions(before, more),
            "messages": lambda more: self.purge_messages(before, more),
            "results": lambda more: self.purge_results(before, more),
            "backfills": lambda more: self.purge_backfills(before, more),
            "notifications": lambda more: self.purge_notifications(before, more),
            "deadlines": lambda more: self.purge_deadlines(before, more),
            "arrivals": lambda more: self.purge_arrivals(self.clock() - EVENTS_KEPT, more),
            "runs": lambda more: self.purge_runs(before, more),
        }
        deleted: dict[str, int] = {}
        failures: list[Exception] = []
        for name, step in steps.items():
            try:
                deleted[name] = step(self._budget())
            except Exception as failure:
                failures.append(failure)
                _log.exception(
                    "Expired data could not be deleted; the next daily run retries.",
                    extra={"action": "purge_failed", "step": name},
                )
        _log.info("Expired data was deleted.", extra={"action": "purged", **deleted})
        if failures:
            raise failures[0]
        return deleted

    def _budget(self) -> Callable[[], bool]:
        end = self.clock() + BUDGET
        return lambda: self.clock() < end

    def _purge_orchestrations(self, engine: Engine, more: Callable[[], bool]) -> int:
        deleted = 0
        for created_from, created_to in windows(self.clock() - self.periods.engine):
            if more():
                deleted += engine.forget_ended(created_from, created_to)
        return deleted

    def _delivered_before(self, before: datetime) -> datetime:
        """Return the time before which no outcome will be delivered again.

        An old active run may have ended although its dependents are not notified yet.
        """
        for entry in self.runs.active_runs():
            if entry.queued_at < before and self._has_ended(entry):
                before = entry.queued_at
        return before

    def _has_ended(self, entry: ActiveRun) -> bool:
        stored = self.runs.get(entry.run_id)
        return stored is not None and stored.run.status.is_terminal


def windows(before: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the windows to delete: all earlier days at once, then the day that is due, in parts."""
    start = before - _DAY
    yield _BEGINNING, start
    while start < before:
        yield start, start + _WINDOW
        start += _WINDOW
