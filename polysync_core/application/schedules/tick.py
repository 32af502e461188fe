"""Processes all schedules that are due, once a minute.

A tick reads only the due part of the index. A tick may be late, repeated or lost: the watermark
of each schedule determines the fire times that remain.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from polysync_core.application.definitions.deleted import DeletedDefinitions
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.ports import Engine, ScheduleStore
from polysync_core.application.schedules.firing import ScheduleProcessor, TickContext
from polysync_core.application.schedules.syncing import ScheduleSync
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import NotFound, PolysyncError, StaleETag
from polysync_core.domain.schedules.state import FirePlan, TaskSchedule, revision_of
from polysync_core.domain.schedules.stored_schedules import Due, Edit, StoredSchedule
from polysync_core.telemetry.instruments import instruments

MAX_ENTRIES = 500
"""Index entries that a tick reads of each partition at once."""
MAX_SECONDS = 45.0
"""The seconds after which a tick starts nothing more; the next tick begins with the oldest."""
_WORKERS = 16

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tally:
    """The counts of one tick."""

    due: int = 0
    fired: int = 0
    skipped: int = 0
    missed: int = 0
    """Fire times without a run."""
    failed: int = 0
    left: int = 0
    """Entries that the tick had no time for."""
    lock: Lock = field(default_factory=Lock)

    @property
    def processed(self) -> int:
        """The fire times that the tick has recorded."""
        return self.fired + self.skipped + self.missed

    def add(self, plan: FirePlan) -> None:
        """Count an executed plan."""
        with self.lock:
            self.fired += len(plan.fires)
            self.skipped += len(plan.occurrences) - len(plan.fires)
            self.missed += 0 if plan.missed is None else plan.missed.count
        if plan.missed is not None:
            instruments().schedule_missed.add(plan.missed.count)

    def count_failed(self) -> None:
        """Count a schedule that could not be processed."""
        with self.lock:
            self.failed += 1

    def count_left(self) -> None:
        """Count an entry that the next tick processes."""
        with self.lock:
            self.left += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTick:
    """Processes the due schedules of all Tasks, several Tasks at a time."""

    definitions: DefinitionReader
    store: ScheduleStore
    sync: ScheduleSync
    processor: ScheduleProcessor
    connections: Connections
    clock: Clock
    deleted: DeletedDefinitions
    processor_of_deleted: ScheduleProcessor
    """Records the last fire times of a deleted Task, whose Job may be deleted as well."""
    monotonic: Callable[[], float] = time.monotonic
    workers: int = _WORKERS
    """Tasks that are processed in parallel; the schedules of one Task follow each other."""
    turn: Lock = field(default_factory=Lock)
    """The ticks of a process follow each other, so no tick repeats the work of another one."""

    def next_due(self, after: datetime) -> datetime | None:
        """Return the first due time of a schedule after a time, or None."""
        due = self.store.next_due(after=after)
        return None if due is None else due.at

    def tick(self, engine: Engine) -> Tally:
        """Process every due schedule; a schedule that fails stops no other schedule."""
        with self.turn:
            return self._tick(engine)

    def _tick(self, engine: Engine) -> Tally:
        """Process the due entries, in passes of a limited number."""
        until, tally = self.monotonic() + MAX_SECONDS, Tally()
        while True:
            before, entries = tally.processed, self.store.due(self.clock(), limit=MAX_ENTRIES)
            tally.due += len(entries)
            self._pass(entries, engine, tally, until)
            has_progress = tally.processed > before and not tally.left
            if len(entries) < MAX_ENTRIES or not has_progress:
                break
        if tally.due:
            _log_tally(tally)
        return tally

    def _pass(
        self, entries: Sequence[Due | Edit], engine: Engine, tally: Tally, until: float
    ) -> None:
        """Process some entries, those of several Tasks at a time."""
        context = TickContext(
            engine=engine,
            definitions=self.definitions,
            shard_of=self._shard_of,
            done=tally.add,
        )

        def work(of_task: list[Due | Edit]) -> None:
            for entry in of_task:
                if self.monotonic() < until:
                    self._process_safely(entry, context, tally)
                else:
                    tally.count_left()

        with ThreadPoolExecutor(self.workers, thread_name_prefix="schedules") as pool:
            # Reading the results raises what ended a worker, for example the end of the process.
            list(pool.map(work, _by_task(entries)))

    def _process_safely(self, entry: Due | Edit, context: TickContext, tally: Tally) -> None:
        facts = {"task": entry.task, "schedule": getattr(entry, "schedule", None)}
        try:
            self._process(entry, context)
        except StaleETag:
            # Another tick processes this schedule; the next tick sees what is left.
            return
        except PolysyncError as error:
            tally.count_failed()
            extra = {"action": "schedule_deferred", "error": str(error), **facts}
            _log.warning("A schedule must wait for the next tick.", extra=extra)
        except Exception:
            tally.count_failed()
            extra = {"action": "schedule_failed", **facts}
            _log.exception("A schedule failed unexpectedly.", extra=extra)

    def _process(self, entry: Due | Edit, context: TickContext) -> None:
        if isinstance(entry, Edit):
            self.sync.finish(entry)
            return
        stored = self.store.get(entry.task, entry.schedule)
        if stored is None or stored.state.due is None or stored.state.due > entry.at:
            return
        task = self._task(entry.task)
        task_schedule = None if task is None else _schedule_of(task, entry.schedule)
        if task_schedule is not None and stored.state.revision == revision_of(
            task_schedule.task, task_schedule.schedule
        ):
            self.processor.fire_due(task_schedule, stored, context)
            return
        if task is not None and task_schedule is None:
            _settle(self.processor, task, stored, context)
        elif task is None:
            self._settle_deleted(stored, context)
        self.sync.sync(entry.task)

    def _settle_deleted(self, stored: StoredSchedule, context: TickContext) -> None:
        """Record the last fire times of a deleted Task, once the sync has planned them."""
        task = self.deleted.last_task(stored.state.task, born=stored.state.born)
        is_planned = stored.state.timing is not None and not stored.state.timing.is_enabled
        if task is not None and is_planned:
            _settle(self.processor_of_deleted, task, stored, context)

    def _task(self, name: str) -> Task | None:
        try:
            return self.definitions.task(name)
        except NotFound:
            return None

    def _shard_of(self, task: Task) -> str:
        return self.connections.platform(self.definitions.job(task.job).platform).shard


def _settle(
    processor: ScheduleProcessor, task: Task, stored: StoredSchedule, context: TickContext
) -> None:
    """Record the last fire times of a schedule that no Task has any more."""
    timing = stored.state.timing
    schedule = None if timing is None else timing.schedule(stored.state.schedule)
    if schedule is not None:
        processor.settle(TaskSchedule(task=task, schedule=schedule), stored, context)


def _schedule_of(task: Task, name: str) -> TaskSchedule | None:
    schedule = next((each for each in task.schedules if each.identity == name), None)
    return schedule and TaskSchedule(task=task, schedule=schedule)


def _by_task(entries: Iterable[Due | Edit]) -> Iterable[list[Due | Edit]]:
    tasks: dict[str, list[Due | Edit]] = {}
    for entry in entries:
        tasks.setdefault(entry.task, []).append(entry)
    return tasks.values()


def _log_tally(tally: Tally) -> None:
    counts = {"due": tally.due, "fired": tally.fired, "skipped": tally.skipped}
    counts |= {"missed": tally.missed, "failed": tally.failed, "left": tally.left}
    level = logging.WARNING if tally.failed or tally.left else logging.INFO
    extra = {"action": "schedules_ticked", **counts}
    _log.log(level, "The due schedules were processed.", extra=extra)
