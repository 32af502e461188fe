"""Checks the deadlines that are due, and reports each missed deadline exactly once.

Write-ahead: the decision is stored, then executed, then removed with a new watermark. After a
crash, the next check executes the stored decision again; each of its steps may be repeated.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from polysync_core.application.deadlines.facts import DeadlineFacts
from polysync_core.application.deadlines.reporting import DeadlineReporter
from polysync_core.application.deadlines.syncing import DeadlineSync
from polysync_core.application.ports import DeadlineStore, Engine
from polysync_core.domain.clock import Clock
from polysync_core.domain.deadlines.deciding import decide
from polysync_core.domain.deadlines.state import (
    is_watched,
    revision_of,
    watched,
    with_decision,
    with_decision_done,
)
from polysync_core.domain.deadlines.stored_deadlines import DueDeadlines, StoredDeadlines
from polysync_core.domain.deadlines.times import elapsed
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.schedules import Calendar
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import PolysyncError, StaleETag

MAX_ENTRIES = 500
"""Index entries that one check reads of each partition."""
MAX_SECONDS = 15.0
"""The seconds after which a check starts nothing more; the next one begins with the oldest."""
_WORKERS = 8

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineCheck:
    """Judges the deadlines of all Tasks that are due, several Tasks at a time."""

    definitions: DefinitionSource
    store: DeadlineStore
    sync: DeadlineSync
    facts: DeadlineFacts
    reporter: DeadlineReporter
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    workers: int = _WORKERS
    turn: Lock = field(default_factory=Lock)
    """The checks of a process follow each other, so none repeats the work of another one."""

    def next_due(self, after: datetime) -> datetime | None:
        """Return the first due time after a time, or None."""
        return self.store.next_due(after=after)

    def check(self, engine: Engine) -> None:
        """Judge every deadline that is due; a Task that fails stops no other Task."""
        del engine  # A check starts nothing.
        with self.turn:
            entries = self.store.due(self.clock(), limit=MAX_ENTRIES)
            if not entries:
                return
            until = self.monotonic() + MAX_SECONDS

            def check(entry: DueDeadlines) -> None:
                if self.monotonic() < until:
                    self._check_safely(entry)

            with ThreadPoolExecutor(self.workers, thread_name_prefix="deadlines") as pool:
                # Reading the results raises what ended a worker.
                list(pool.map(check, entries))

    def _check_safely(self, entry: DueDeadlines) -> None:
        try:
            self._check(entry)
        except StaleETag:
            # Another host checks this Task; the next check finds the rest.
            return
        except PolysyncError as error:
            extra = {"action": "deadlines_deferred", "task": entry.task, "error": str(error)}
            _log.warning("The deadlines of a task must wait for the next check.", extra=extra)
        except Exception:
            extra = {"action": "deadlines_failed", "task": entry.task}
            _log.exception("The deadlines of a task could not be checked.", extra=extra)

    def _check(self, entry: DueDeadlines) -> None:
        stored = self.store.get(entry.task)
        if stored is None or stored.state.due is None or stored.state.due > entry.at:
            return
        task = self._task(entry.task)
        if task is None or not is_watched(task) or stored.state.revision != revision_of(task):
            self.sync.sync(entry.task)
            return
        stored = self._finish_pending(task, stored)
        if stored.state.due is not None and stored.state.due <= self.clock():
            self._decide(task, stored)

    def _decide(self, task: Task, stored: StoredDeadlines) -> None:
        """Judge the deadlines that have passed; store, execute and remove the decision."""
        now, state = self.clock(), stored.state
        until = max(now, state.watermark)
        passed = elapsed(
            watched(task, state, self._calendars(task)), after=state.watermark, until=until
        )
        decision = decide(
            task, state, passed, lambda subject: self.facts.of(task, subject), now=now
        )
        if decision.is_silent:
            self.store.put(with_decision_done(task, state, decision, now=now), replacing=stored)
            return
        stored = self.store.put(with_decision(state, decision), replacing=stored)
        self._finish_pending(task, stored)

    def _finish_pending(self, task: Task, stored: StoredDeadlines) -> StoredDeadlines:
        """Execute a stored decision, and remove it."""
        decision = stored.state.pending
        if decision is None:
            return stored
        self.reporter.execute(task, decision)
        done = with_decision_done(task, stored.state, decision, now=self.clock())
        return self.store.put(done, replacing=stored)

    def _task(self, name: str) -> Task | None:
        stored = self.definitions.get(Kind.TASK, name)
        definition = None if stored is None or stored.broken is not None else stored.definition
        return definition if isinstance(definition, Task) else None

    def _calendars(self, task: Task) -> dict[str, Calendar]:
        names = {name for each in task.schedules for name in each.calendars}
        found = {name: self.definitions.get(Kind.CALENDAR, name) for name in sorted(names)}
        return {
            name: stored.definition
            for name, stored in found.items()
            if stored is not None and isinstance(stored.definition, Calendar)
        }
