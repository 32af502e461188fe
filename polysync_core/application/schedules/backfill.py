"""Backfill: one run for each fire time of a schedule in a range that is past.

The id of a run follows from its fire time. So asking again makes what is still missing and nothing
twice, whatever became of the call before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from polysync_core.application.ports import Engine, Runs, ScheduleStore
from polysync_core.application.runs.accepting import RunFactory, Start
from polysync_core.application.schedules.service import schedule_of
from polysync_core.domain.clock import Clock, rfc3339
from polysync_core.domain.definitions.calendars import Calendar
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Conflict, Invalid
from polysync_core.domain.runs.identity import BackfillId, RunId, derived_run_id
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType
from polysync_core.domain.schedules.fire_times import (
    FireTime,
    count_between,
    fire_times,
    is_excluded,
)
from polysync_core.domain.schedules.state import occurrence_id

MOST = 1_000
"""Fire times a call."""
LOWER = 100
"""By so much its priority is below the Task's, so that what is due now goes first."""
_LEAST_PRIORITY = -1_000_000
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 9000
_AT_ONCE = 8
_INSTANT = timedelta(microseconds=1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRequest:
    """What a caller asks for."""

    task: str
    begin: datetime
    """The first fire time may be then."""
    end: datetime
    """The last fire time is before."""
    schedule: str | None = None
    """May be left out where the Task has one schedule only."""
    max_concurrent_runs: int | None = None
    priority: int | None = None
    dry_run: bool = False
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A fire time of a backfill, and its run."""

    fire: FireTime
    run_id: RunId
    exists: bool
    """Whether the run was there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfilled:
    """The answer to a backfill."""

    schedule: str
    backfill_id: BackfillId
    items: Sequence[Filled]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """The use case."""

    runs: Runs
    task_named: Callable[[str], Task]
    """Return a Task, or raise `NotFound`."""
    calendar_named: Callable[[str], Calendar]
    """Return a calendar, or raise `NotFound`."""
    store: ScheduleStore
    acceptance: RunFactory
    prepare: Callable[[Task, Start], Start]
    """Adds what a run needs that does not wait for others."""
    clock: Clock

    def backfill(self, request: BackfillRequest, engine: Engine) -> Backfilled:
        """Accept a run for each fire time that has none.

        Raises `NotFound`, `Conflict` (the Task is disabled), and `Invalid` for the range, for too
        many fire times, and for parameters.
        """
        task = self.task_named(request.task)
        if not task.enabled:
            raise Conflict(f"Task {task.name} is disabled; enable it to backfill it.")
        schedule = _schedule(task, request.schedule)
        request = self._checked(request)
        fires = self._fires(task, schedule, request)
        backfill_id = _backfill_id(request, schedule)
        known = self._known(task, schedule, fires)
        absent = [fire for fire in fires if fire.nominal not in known]
        if absent and not request.dry_run:
            runs = self._runs(task, schedule, absent, request, backfill_id)
            self._accept(runs, engine)
        items = [_filled(task, schedule, fire, known) for fire in fires]
        return Backfilled(schedule=schedule.name, backfill_id=backfill_id, items=items)

    def _checked(self, request: BackfillRequest) -> BackfillRequest:
        for field, moment in (("from", request.begin), ("to", request.end)):
            if not _EARLIEST_YEAR <= moment.year < _LATEST_YEAR:
                raise Invalid.at(field, "is no time at which a schedule fires")
        if request.begin >= request.end:
            raise Invalid.at("to", "must be later than from")
        if request.end > self.clock():
            raise Invalid.at(
                "to", "must not be in the future: what is still to come, the schedule fires itself"
            )
        return replace(
            request, begin=request.begin.astimezone(UTC), end=request.end.astimezone(UTC)
        )

    def _fires(self, task: Task, schedule: Schedule, request: BackfillRequest) -> list[FireTime]:
        """Return the fire times of the range that the schedule itself does not still fire."""
        after, until = request.begin - _INSTANT, request.end
        count = count_between(schedule, after=after, until=until, most=MOST)
        if count > MOST:
            raise Invalid.at(
                "to",
                f"there are {count} fire times from {rfc3339(request.begin)} to "
                f"{rfc3339(until)}; at most {MOST} a call: ask for a shorter range",
            )
        stored = self.store.get(task.name, schedule.name)
        if stored is not None and stored.state.due is not None:
            until = min(until, stored.state.mark + _INSTANT)
        calendars = [self.calendar_named(name) for name in schedule.calendars]
        fires = takewhile(lambda fire: fire.nominal < until, fire_times(schedule, after=after))
        return [fire for fire in fires if not is_excluded(fire, calendars)]

    def _known(
        self, task: Task, schedule: Schedule, fires: Sequence[FireTime]
    ) -> dict[datetime, RunId]:
        """Return the runs that are there; of a fire time that was skipped, the one made up for."""
        own = [_run_id(task, schedule, fire) for fire in fires]
        scheduled = [occurrence_id(task.name, schedule.name, fire.nominal) for fire in fires]
        found = {stored.run.run_id: stored.run for stored in self.runs.get_many([*own, *scheduled])}
        known: dict[datetime, RunId] = {}
        for fire, backfilled, fired in zip(fires, own, scheduled, strict=True):
            run = found.get(fired)
            if backfilled in found:
                known[fire.nominal] = backfilled
            elif run is not None and run.status is not RunStatus.SKIPPED:
                known[fire.nominal] = fired
        return known

    def _runs(
        self,
        task: Task,
        schedule: Schedule,
        fires: Sequence[FireTime],
        request: BackfillRequest,
        backfill_id: BackfillId,
    ) -> list[TaskRun]:
        """Return the runs, all of them before the first is stored: they may be refused."""
        lower = max(task.priority - LOWER, _LEAST_PRIORITY)
        now = self.clock()
        common = Start(
            run_id=RunId(""),
            trigger_type=TriggerType.BACKFILL,
            actor=request.actor,
            parameters=schedule.parameters,
            priority=lower if request.priority is None else request.priority,
            schedule=schedule.name,
            time_zone=schedule.time_zone,
            backfill_id=backfill_id,
            backfill_limit=request.max_concurrent_runs,
            at=now,
        )
        common = self.prepare(task, common)
        return [
            self.acceptance.run_of(
                task,
                replace(
                    common,
                    run_id=_run_id(task, schedule, fire),
                    scheduled_time=fire.nominal,
                    # What is queued at one moment starts in no order: the oldest goes first.
                    at=now + timedelta(milliseconds=place),
                ),
            )
            for place, fire in enumerate(fires)
        ]

    def _accept(self, runs: Sequence[TaskRun], engine: Engine) -> None:
        def accept(run: TaskRun) -> None:
            if self.acceptance.store(run) is not None:
                self.acceptance.enqueue(run, engine)

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="backfill") as pool:
            list(pool.map(accept, runs))
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
        raise Conflict(f"Task '{task.name}' has no schedule to take fire times from.")
    names = ", ".join(each.name for each in task.schedules)
    raise Invalid.at("schedule", f"must name one of the schedules of the task: {names}")


def _backfill_id(request: BackfillRequest, schedule: Schedule) -> BackfillId:
    """Return the id of a backfill; the same request has the same id and continues it.

    The id depends on the limit, so that all runs of a backfill have the same limit.
    """
    parts = (request.task, schedule.name, request.begin.isoformat(), request.end.isoformat())
    limit = str(request.max_concurrent_runs or 0)
    return BackfillId("b" + derived_run_id("backfill-id", *parts, limit)[1:11])


def _run_id(task: Task, schedule: Schedule, fire: FireTime) -> RunId:
    return derived_run_id("backfill", task.name, schedule.name, fire.nominal.isoformat())


def _filled(
    task: Task, schedule: Schedule, fire: FireTime, known: Mapping[datetime, RunId]
) -> Filled:
    run_id = known.get(fire.nominal)
    exists = run_id is not None
    return Filled(fire=fire, run_id=run_id or _run_id(task, schedule, fire), exists=exists)
