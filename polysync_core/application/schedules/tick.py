"""The tick: once a minute, whatever is due is done.

Only the index is read, and of it only what is due. A tick that comes late, twice, or not at all
does no harm, as what a schedule still owes follows from its mark.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

from polysync_core.application.platforms.connections import Connections
from polysync_core.application.ports import Engine, ScheduleStore
from polysync_core.application.schedules.firing import Firing
from polysync_core.application.schedules.syncing import ScheduleSync, task_of
from polysync_core.application.schedules.tick_context import TickContext
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import PolysyncError, StaleETag
from polysync_core.domain.schedules.state import Plan, revision_of
from polysync_core.domain.schedules.stored import Due, Edit
from polysync_core.telemetry.instruments import instruments

MOST = 500
"""Entries that are read of each partition at once."""
LONGEST = 15.0
"""Seconds after which nothing more is begun; the next tick goes on with the longest due."""
_AT_ONCE = 8

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tally:
    """What one tick has done."""

    due: int = 0
    fired: int = 0
    skipped: int = 0
    missed: int = 0
    """Fire times that were not made good."""
    failed: int = 0
    left: int = 0
    """What there was no time for."""
    lock: Lock = field(default_factory=Lock)

    def add(self, plan: Plan) -> None:
        """Count what came of one schedule."""
        with self.lock:
            self.fired += len(plan.fires)
            self.skipped += len(plan.occurrences) - len(plan.fires)
            self.missed += 0 if plan.missed is None else plan.missed.count
        if plan.missed is not None:
            instruments().schedule_missed.add(plan.missed.count)

    def count(self, what: str) -> None:
        """Count one more."""
        with self.lock:
            setattr(self, what, getattr(self, what) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTick:
    """Does what is due."""

    definitions: DefinitionSource
    store: ScheduleStore
    sync: ScheduleSync
    firing: Firing
    job_named: Callable[[str], Job]
    connections: Connections
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    at_once: int = _AT_ONCE
    """Tasks that are dealt with side by side; the schedules of one go one after the other."""

    def tick(self, engine: Engine) -> Tally:
        """Do all that is due; a schedule that cannot be dealt with stops no other."""
        until = self.monotonic() + LONGEST
        entries = self.store.due(self.clock(), limit=MOST)
        tally = Tally(due=len(entries))
        around = TickContext(
            engine=engine,
            definitions=self.definitions,
            runs=self.firing.runs,
            shard_of=self._shard_of,
        )

        def work(of_task: list[Due | Edit]) -> None:
            for entry in of_task:
                if self.monotonic() < until:
                    self._guarded(entry, around, tally)
                else:
                    tally.count("left")

        with ThreadPoolExecutor(self.at_once, thread_name_prefix="schedules") as pool:
            # The results are asked for so that what ends the process is not swallowed.
            list(pool.map(work, _by_task(entries)))
        if entries:
            _report(tally)
        return tally

    def _guarded(self, entry: Due | Edit, around: TickContext, tally: Tally) -> None:
        facts = {"task": entry.task, "schedule": getattr(entry, "schedule", None)}
        try:
            self._deal_with(entry, around, tally)
        except StaleETag:
            # Somebody else is at the same; what is left over, the next tick sees.
            return
        except PolysyncError as error:
            tally.count("failed")
            extra = {"action": "schedule_deferred", "error": str(error), **facts}
            _log.warning("A schedule must wait for the next tick.", extra=extra)
        except Exception:
            tally.count("failed")
            extra = {"action": "schedule_failed", **facts}
            _log.exception("A schedule met a fault.", extra=extra)

    def _deal_with(self, entry: Due | Edit, around: TickContext, tally: Tally) -> None:
        if isinstance(entry, Edit):
            self.sync.settle(entry)
            return
        stored = self.store.get(entry.task, entry.schedule)
        if stored is None or stored.state.due is None or stored.state.due > entry.at:
            return
        task = task_of(self.definitions, entry.task)
        schedules = task.schedules if task is not None else ()
        schedule = next((each for each in schedules if each.name == entry.schedule), None)
        if task and schedule and stored.state.revision == revision_of(task, schedule):
            for plan in self.firing.fire(task, schedule, stored, around):
                tally.add(plan)
        else:
            self.sync.sync(entry.task)

    def _shard_of(self, task: Task) -> str:
        return self.connections.platform(self.job_named(task.job).platform).shard


def _by_task(entries: Iterable[Due | Edit]) -> Iterable[list[Due | Edit]]:
    tasks: dict[str, list[Due | Edit]] = {}
    for entry in entries:
        tasks.setdefault(entry.task, []).append(entry)
    return tasks.values()


def _report(tally: Tally) -> None:
    counts = {"due": tally.due, "fired": tally.fired, "skipped": tally.skipped}
    counts |= {"missed": tally.missed, "failed": tally.failed, "left": tally.left}
    level = logging.WARNING if tally.failed or tally.left else logging.INFO
    _log.log(level, "Schedules were gone through.", extra={"action": "schedules_ticked", **counts})
