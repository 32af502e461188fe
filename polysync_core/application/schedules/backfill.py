"""Creates a run for each fire time of a schedule in a past range.

The id of a run is derived from its fire time. A repeated request therefore creates only the runs
that are still missing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile

from polysync_core.application.ports import BackfillStore, Engine, RunReader, ScheduleStore
from polysync_core.application.runs.accepting import RunFactory, RunSpec
from polysync_core.application.schedules.service import schedule_of
from polysync_core.domain.clock import Clock, rfc3339, zone_named
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Conflict, Invalid
from polysync_core.domain.runs.identity import BackfillId, RunId, derived_run_id
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType
from polysync_core.domain.schedules.backfills import BackfillOrder, BackfillRecord, Redo
from polysync_core.domain.schedules.fire_times import (
    FireTime,
    count_between,
    fire_times,
    is_excluded,
)
from polysync_core.domain.schedules.state import occurrence_id

MAX_FIRE_TIMES = 1_000
"""The maximum number of fire times of one request."""
PRIORITY_DROP = 100
"""The default priority is lower than the Task's by this much, so that current runs go first."""
_LEAST_PRIORITY = -1_000_000
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 9000
_WORKERS = 8
_FAILED = frozenset({RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.SKIPPED})
"""The outcomes that `redo` repeats; a run of a backfill is skipped by a window."""
_INSTANT = timedelta(microseconds=1)

type _Range = tuple[datetime, datetime]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRequest:
    """The range of fire times for which a caller wants runs."""

    task: str
    begin: datetime | date
    """The start of the range, inclusive; a date is midnight in the zone of the schedule."""
    end: datetime | date
    """The end of the range, exclusive."""
    schedule: str | None = None
    """Optional for a Task with one schedule."""
    max_concurrent_runs: int | None = None
    priority: int | None = None
    order: BackfillOrder = BackfillOrder.OLDEST_FIRST
    redo: Redo | None = None
    """The fire times that run again although they have a run."""
    dry_run: bool = False
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfilledRun:
    """A fire time of a backfill with its run."""

    fire: FireTime
    run_id: RunId
    exists: bool
    """True if the run existed before the request."""
    repeats: RunId | None = None
    """The failed run that this one repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillResult:
    """The result of a backfill."""

    schedule: str
    backfill_id: BackfillId
    items: Sequence[BackfilledRun]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """Creates the runs of backfills."""

    runs: RunReader
    definitions: DefinitionReader
    store: ScheduleStore
    records: BackfillStore
    factory: RunFactory
    prepare: Callable[[Task, RunSpec], RunSpec]
    """Adds parents and mapped parameters to a run that waits for no upstream."""
    clock: Clock

    def backfill(self, request: BackfillRequest, engine: Engine) -> BackfillResult:
        """Create a run for each fire time that has none.

        Raises `NotFound`, `Conflict` (the Task is disabled), `Invalid` (range, number of fire
        times, parameters), or `ShardFull` if there is no room for all runs.
        """
        task = self.definitions.task(request.task)
        if not task.enabled:
            raise Conflict(f"Task {task.name} is disabled; enable it to backfill it.")
        if task.depends_on_past and request.order is BackfillOrder.NEWEST_FIRST:
            raise Invalid.at(
                "order", "NewestFirst contradicts dependsOnPast of the task: use OldestFirst"
            )
        schedule = _schedule(task, request.schedule)
        span = self._checked_range(request, schedule)
        fires = self._fires(task, schedule, span)
        backfill_id = _backfill_id(task, request, schedule, span)
        items = self._items(task, schedule, fires, redo=request.redo)
        result = BackfillResult(schedule=schedule.name, backfill_id=backfill_id, items=items)
        missing = [item for item in items if not item.exists]
        if request.dry_run:
            return result
        runs = self._runs(task, schedule, missing, request, backfill_id)
        if runs:
            self.factory.capacity.take(runs[0].shard, engine, runs=len(runs))
        if items:
            self.records.put(self._record(request, schedule, span, result))
        if runs:
            self._accept(runs, engine)
        return result

    def _record(
        self, request: BackfillRequest, schedule: Schedule, span: _Range, result: BackfillResult
    ) -> BackfillRecord:
        """Return the stored form of a backfill; a repeated request keeps its first time."""
        former = self.records.get(result.backfill_id)
        return BackfillRecord(
            backfill_id=result.backfill_id,
            task=request.task,
            schedule=schedule.name,
            begin=span[0],
            end=span[1],
            requested_at=self.clock() if former is None else former.requested_at,
            requested_by=request.actor,
            order=request.order,
            max_concurrent_runs=request.max_concurrent_runs,
            run_ids=tuple(item.run_id for item in result.items),
        )

    def _checked_range(self, request: BackfillRequest, schedule: Schedule) -> _Range:
        for field, moment in (("from", request.begin), ("to", request.end)):
            if not _EARLIEST_YEAR <= moment.year < _LATEST_YEAR:
                years = f"{_EARLIEST_YEAR} to {_LATEST_YEAR - 1}"
                raise Invalid.at(field, f"must be in the years {years}")
        begin, end = (_moment(each, schedule) for each in (request.begin, request.end))
        if begin >= end:
            raise Invalid.at("to", "must be later than from")
        if end > self.clock():
            raise Invalid.at(
                "to", "must not be in the future: the schedule itself fires at future times"
            )
        return begin, end

    def _fires(self, task: Task, schedule: Schedule, span: _Range) -> list[FireTime]:
        """Return the fire times of the range up to the watermark of the schedule."""
        begin, until = span
        after = begin - _INSTANT
        count = count_between(schedule, after=after, until=until, most=MAX_FIRE_TIMES)
        if count > MAX_FIRE_TIMES:
            raise Invalid.at(
                "to",
                f"there are {count} fire times from {rfc3339(begin)} to "
                f"{rfc3339(until)}; one request allows {MAX_FIRE_TIMES}: use a shorter range",
            )
        stored = self.store.get(task.name, schedule.identity)
        if stored is not None and stored.state.due is not None:
            until = min(until, stored.state.watermark + _INSTANT)
        calendars = [self.definitions.calendar(name) for name in schedule.calendars]
        fires = takewhile(
            lambda fire: fire.scheduled_time < until, fire_times(schedule, after=after)
        )
        return [fire for fire in fires if not is_excluded(fire, calendars)]

    def _items(
        self, task: Task, schedule: Schedule, fires: Sequence[FireTime], *, redo: Redo | None
    ) -> list[BackfilledRun]:
        """Return the run of each fire time; a skipped scheduled run counts as missing."""
        own = [_run_id(task, schedule, fire) for fire in fires]
        scheduled = [occurrence_id(task, schedule, fire.scheduled_time) for fire in fires]
        found = self._statuses([*own, *scheduled])
        items: list[BackfilledRun] = []
        for fire, backfilled, fired in zip(fires, own, scheduled, strict=True):
            is_fired = found.get(fired, RunStatus.SKIPPED) is not RunStatus.SKIPPED
            exists = backfilled in found or is_fired
            run_id = backfilled if backfilled in found or not is_fired else fired
            items.append(BackfilledRun(fire=fire, run_id=run_id, exists=exists))
        return items if redo is None else self._redone(items, found)

    def _redone(
        self, items: Sequence[BackfilledRun], found: Mapping[RunId, RunStatus]
    ) -> list[BackfilledRun]:
        """Return the items with a new run for each failed fire time."""
        items = list(items)
        known = dict(found)
        while failed := [
            index
            for index, item in enumerate(items)
            if item.exists and known.get(item.run_id) in _FAILED
        ]:
            following = [_redo_id(items[index].run_id) for index in failed]
            known |= self._statuses(following)
            for index, run_id in zip(failed, following, strict=True):
                former = items[index].run_id
                items[index] = replace(
                    items[index], run_id=run_id, exists=run_id in known, repeats=former
                )
        return items

    def _statuses(self, run_ids: Sequence[RunId]) -> dict[RunId, RunStatus]:
        return {each.run.run_id: each.run.status for each in self.runs.get_many(run_ids)}

    def _runs(
        self,
        task: Task,
        schedule: Schedule,
        items: Sequence[BackfilledRun],
        request: BackfillRequest,
        backfill_id: BackfillId,
    ) -> list[TaskRun]:
        """Build all runs before the first is stored, so that an invalid request stores none."""
        priority = max(task.priority - PRIORITY_DROP, _LEAST_PRIORITY)
        now = self.clock()
        common = RunSpec(
            run_id=RunId(""),
            trigger_type=TriggerType.BACKFILL,
            actor=request.actor,
            parameters=schedule.parameters,
            priority=priority if request.priority is None else request.priority,
            schedule=schedule.name,
            schedule_id=schedule.identity,
            time_zone=schedule.time_zone,
            backfill_id=backfill_id,
            backfill_limit=request.max_concurrent_runs,
            at=now,
        )
        common = self.prepare(task, common)
        return [
            self.factory.queued_run(
                task,
                replace(
                    common,
                    run_id=item.run_id,
                    rerun_of=item.repeats,
                    scheduled_time=item.fire.scheduled_time,
                    # The Dispatcher orders runs by this time.
                    at=now + timedelta(milliseconds=index),
                ),
            )
            for index, item in enumerate(
                items if request.order is BackfillOrder.OLDEST_FIRST else reversed(items)
            )
        ]

    def _accept(self, runs: Sequence[TaskRun], engine: Engine) -> None:
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="backfill") as pool:
            created = list(pool.map(self.factory.create, runs))
        # A Dispatcher starts the first run that it knows, so the oldest run is announced first.
        for run, stored in zip(runs, created, strict=True):
            if stored is not None:
                self.factory.enqueue(run, engine)
        _log.info(
            "A backfill was accepted.",
            extra={
                "action": "backfill_accepted",
                "task": runs[0].task,
                "schedule": runs[0].schedule,
                "backfill_id": runs[0].backfill_id,
                "runs": len(runs),
            },
        )


def _schedule(task: Task, name: str | None) -> Schedule:
    if name is not None:
        return schedule_of(task, name)
    if len(task.schedules) == 1:
        return task.schedules[0]
    if not task.schedules:
        raise Conflict(
            f"Task '{task.name}' has no schedule to take fire times from: backfill a task that has "
            "one, such as the first of its upstream tasks."
        )
    names = ", ".join(each.name for each in task.schedules)
    raise Invalid.at("schedule", f"must name one of the schedules of the task: {names}")


def _moment(value: datetime | date, schedule: Schedule) -> datetime:
    """Return a time in UTC; a date is its first moment in the zone of the schedule."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time.min, zone_named(schedule.time_zone))
    return value.astimezone(UTC)


def _backfill_id(
    task: Task, request: BackfillRequest, schedule: Schedule, span: _Range
) -> BackfillId:
    """Return the id of a backfill; the same request has the same id and continues it.

    The id depends on the limit, so that all runs of a backfill have the same limit.
    """
    parts = (task.identity, schedule.identity, *(each.isoformat() for each in span))
    limit = str(request.max_concurrent_runs or 0)
    return BackfillId("b" + derived_run_id("backfill-id", *parts, limit)[1:11])


def _run_id(task: Task, schedule: Schedule, fire: FireTime) -> RunId:
    at = fire.scheduled_time.isoformat()
    return derived_run_id("backfill", task.identity, schedule.identity, at)


def _redo_id(run_id: RunId) -> RunId:
    """Return the id of the run that repeats a failed run of a backfill."""
    return derived_run_id("backfill-redo", run_id)
