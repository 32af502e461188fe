"""Processes one due schedule: decides the fire times, and creates the runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from polysync_core.application.ports import Engine, FireTimeGate, RunReader, ScheduleStore
from polysync_core.application.runs.accepting import RunFactory, RunSpec
from polysync_core.application.runs.finishing import ACTOR, RunFinisher, failure
from polysync_core.application.runs.prerequisites import TOO_MANY_WAIT
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.base import RowFacts
from polysync_core.domain.definitions.schedules import Calendar, Overlap
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dependencies.tokens import ScheduledFire
from polysync_core.domain.dependencies.windows import interval_begin
from polysync_core.domain.dispatch.state import DispatcherState
from polysync_core.domain.errors import Invalid, NotFound, ShardFull
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType
from polysync_core.domain.runs.skip import Skip, SkipKind
from polysync_core.domain.schedules.fire_plan import describe, plan_fires, with_policies
from polysync_core.domain.schedules.state import (
    DecidedFireTime,
    FirePlan,
    ScheduleState,
    TaskSchedule,
    missed_id,
    occurrence_id,
    with_outcomes,
    with_plan,
    with_plan_done,
)
from polysync_core.domain.schedules.stored_schedules import StoredSchedule
from polysync_core.telemetry.instruments import instruments

_MAX_ACTIVE = 1000
"""Active runs of a Task that the overlap policy reads."""

_log = logging.getLogger(__name__)


class Cancel(Protocol):
    """Cancels a run, or leaves it as it is if it has ended."""

    def __call__(self, run_id: RunId, *, engine: Engine) -> object:
        """Cancel the run."""
        ...


class Replace(Protocol):
    """Skips a run that still waits, because a newer fire time replaces it."""

    def __call__(self, run_id: RunId, *, by: datetime, engine: Engine) -> object:
        """Skip the run."""
        ...


@dataclass(slots=True, kw_only=True)
class TickContext:
    """Caches the reads of one tick; the threads of the tick share the cache."""

    engine: Engine
    definitions: DefinitionReader
    shard_of: Callable[[Task], str]
    done: Callable[[FirePlan], None]
    """Called with each plan after its execution."""
    _calendars: dict[str, Calendar | None] = field(default_factory=dict[str, Calendar | None])
    _dispatchers: dict[str, DispatcherState] = field(default_factory=dict[str, DispatcherState])
    _lock: Lock = field(default_factory=Lock)

    def calendars(self, names: Iterable[str]) -> tuple[Calendar, ...]:
        """Return calendars by name; the store never deletes one that a schedule refers to."""
        found = (self._calendar(name) for name in names)
        return tuple(calendar for calendar in found if calendar is not None)

    def dispatched_runs(self, task: Task) -> list[RunId]:
        """Return the runs of a Task that wait or run in its Dispatcher."""
        dispatcher = self._dispatcher(self.shard_of(task))
        runs = [*dispatcher.leases.values(), *dispatcher.waiting.values()]
        return [each.run_id for each in runs if each.task == task.name][:_MAX_ACTIVE]

    def _calendar(self, name: str) -> Calendar | None:
        if name not in self._calendars:
            try:
                self._calendars[name] = self.definitions.calendar(name)
            except NotFound:
                self._calendars[name] = None
        return self._calendars[name]

    def _dispatcher(self, shard: str) -> DispatcherState:
        with self._lock:
            if shard not in self._dispatchers:
                self._dispatchers[shard] = self.engine.dispatcher(shard)
            return self._dispatchers[shard]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleProcessor:
    """Processes the elapsed fire times of a schedule that is due."""

    runs: RunReader
    store: ScheduleStore
    factory: RunFactory
    finisher: RunFinisher
    gate: FireTimeGate
    cancel: Cancel
    replace: Replace
    clock: Clock

    def fire_due(
        self, task_schedule: TaskSchedule, stored: StoredSchedule, context: TickContext
    ) -> None:
        """Create the runs of a schedule's elapsed fire times, exactly once.

        Write-ahead: save the plan, create the runs, then advance the watermark. After a crash, the
        next tick finishes the pending plan first; the ids of the runs make that repeatable. Raises
        `StaleETag` if another tick processes the same schedule.
        """
        task_schedule = replace(
            task_schedule, calendars=context.calendars(task_schedule.schedule.calendars)
        )
        stored = self.settle(task_schedule, stored, context)
        if stored.state.due is None or stored.state.due > self.clock():
            return
        self._execute(task_schedule, stored, context)

    def settle(
        self, task_schedule: TaskSchedule, stored: StoredSchedule, context: TickContext
    ) -> StoredSchedule:
        """Execute the plans that are stored: an unfinished one, and those of edits."""
        stored = self._finish_pending(task_schedule, stored, context)
        while stored.state.unsettled:
            stored = self._execute(task_schedule, stored, context)
        return stored

    def _execute(
        self, task_schedule: TaskSchedule, stored: StoredSchedule, context: TickContext
    ) -> StoredSchedule:
        """Decide on the oldest elapsed fire times, save the plan and execute it."""
        state = stored.state
        outcomes = list(self._past_outcomes(state))
        active = self._active_runs(task_schedule, state, context)
        if state.unsettled:
            plan = with_policies(task_schedule, state, state.unsettled[0], outcomes, active)
        else:
            plan = plan_fires(task_schedule, state, outcomes, active, now=self.clock())
        planned = with_plan(with_outcomes(state, outcomes), plan)
        if plan.is_empty:
            stored = replace(stored, state=planned)
        else:
            stored = self.store.put(planned, replacing=stored)
        return self._finish(task_schedule, stored, plan, context)

    def _finish_pending(
        self, task_schedule: TaskSchedule, stored: StoredSchedule, context: TickContext
    ) -> StoredSchedule:
        """Execute the plan that an earlier tick saved but did not finish."""
        plan = stored.state.pending
        return stored if plan is None else self._finish(task_schedule, stored, plan, context)

    def _finish(
        self,
        task_schedule: TaskSchedule,
        stored: StoredSchedule,
        plan: FirePlan,
        context: TickContext,
    ) -> StoredSchedule:
        """Execute a plan, then advance the watermark."""
        self._create_runs(task_schedule, plan, context.engine)
        if plan.pause is not None:
            _log.warning(
                "A schedule paused itself because its runs fail.",
                extra={
                    "action": "schedule_auto_paused",
                    "task": task_schedule.task.name,
                    "schedule": task_schedule.schedule.name,
                    "failures": task_schedule.schedule.pause_after_failures,
                },
            )
        stored = self.store.put(with_plan_done(task_schedule, stored.state, plan), replacing=stored)
        context.done(plan)
        return stored

    def _past_outcomes(self, state: ScheduleState) -> Iterator[RunStatus]:
        """Yield the outcomes of the uncounted runs, up to the first active run."""
        for run_id in state.uncounted_runs:
            stored = self.runs.get(run_id)
            if stored is None or not stored.run.status.is_terminal:
                return
            yield stored.run.status

    def _active_runs(
        self, task_schedule: TaskSchedule, state: ScheduleState, context: TickContext
    ) -> Sequence[RunId]:
        """Return the active runs of the Task, if the overlap policy depends on them.

        The Dispatcher may not know the last run of the schedule yet, so its row is read as well.
        """
        if task_schedule.schedule.overlap is Overlap.QUEUE:
            return ()
        known = context.dispatched_runs(task_schedule.task)
        if state.last_run is not None and state.last_run not in known:
            known.append(state.last_run)
        found = (stored.run for stored in self.runs.get_many(known))
        active = [run for run in found if not run.status.is_terminal]
        if task_schedule.schedule.overlap is Overlap.KEEP_NEWEST:
            name = task_schedule.schedule.name
            active = [run for run in active if _may_be_replaced(run, name)]
        return [run.run_id for run in active]

    def _create_runs(self, task_schedule: TaskSchedule, plan: FirePlan, engine: Engine) -> None:
        """Create the runs of a plan; a run that exists already stays as it is."""
        if plan.born is not None:
            former = task_schedule.task.with_row(RowFacts(born=plan.born))
            task_schedule = replace(task_schedule, task=former)
        if plan.missed is not None:
            spec = _spec(task_schedule, plan, DecidedFireTime(scheduled_time=plan.missed.last))
            run_id = missed_id(task_schedule.task, task_schedule.schedule, plan.missed)
            reason = describe(plan.missed)
            outcome = _skipped(SkipKind.MISSED, reason)
            self._create_finished(task_schedule.task, replace(spec, run_id=run_id), outcome, engine)
        for index, occurrence in enumerate(plan.occurrences):
            # The Dispatcher orders runs by this time, so the oldest fire time starts first.
            at = plan.at + timedelta(milliseconds=index)
            spec = replace(_spec(task_schedule, plan, occurrence), at=at)
            if occurrence.skip_reason is not None:
                outcome = _skipped(occurrence.skip_kind, occurrence.skip_reason)
                self._create_finished(task_schedule.task, spec, outcome, engine)
            else:
                self._fire(task_schedule, occurrence, spec, engine)

    def _fire(
        self,
        task_schedule: TaskSchedule,
        occurrence: DecidedFireTime,
        spec: RunSpec,
        engine: Engine,
    ) -> None:
        """Create the run of a fire time, or deliver the fire time to a gate."""
        lateness = self.clock() - task_schedule.due_time(occurrence.scheduled_time)
        instruments().schedule_lateness.record(lateness.total_seconds())
        for run_id in occurrence.cancels:
            self.cancel(run_id, engine=engine)
        for run_id in occurrence.replaces:
            self.replace(run_id, by=occurrence.scheduled_time, engine=engine)
        if task_schedule.task.dependencies:
            self.gate.deliver_fire_time(
                task_schedule.task.name, _scheduled_fire(task_schedule, occurrence), engine
            )
            return
        if task_schedule.task.depends_on_past and not self._may_wait(task_schedule, spec):
            outcome = _skipped(SkipKind.PAST, TOO_MANY_WAIT)
            self._create_finished(task_schedule.task, spec, outcome, engine)
            return
        try:
            run = self.factory.queued_run(task_schedule.task, spec)
        except Invalid as error:
            outcome = failure(FailureCause.PARAMETERS, str(error))
            self._create_finished(task_schedule.task, spec, outcome, engine)
            return
        try:
            self.factory.capacity.take(run.shard, engine)
        except ShardFull as error:
            outcome = _skipped(SkipKind.SHARD_FULL, str(error))
            self._create_finished(task_schedule.task, spec, outcome, engine)
            return
        if self.factory.create(run) is not None:
            self.factory.enqueue(run, engine)

    def _may_wait(self, task_schedule: TaskSchedule, spec: RunSpec) -> bool:
        """Return whether one more run of the schedule may wait for its past."""
        task, schedule = task_schedule.task, task_schedule.schedule
        at = spec.scheduled_time or self.clock()
        return self.factory.prerequisites.has_room(task, schedule.identity, at)

    def _create_finished(self, task: Task, spec: RunSpec, outcome: Outcome, engine: Engine) -> None:
        """Create a run with a terminal status, and start to notify its dependents."""
        stored = self.factory.create(self.factory.finished_run(task, spec, outcome))
        if stored is not None:
            self.finisher.start_notifying(stored.run, engine)


def _may_be_replaced(run: TaskRun, schedule: str) -> bool:
    """Return whether a newer fire time may take the place of a run."""
    return run.status is RunStatus.QUEUED and not run.attempts and run.schedule == schedule


def _skipped(kind: SkipKind | None, reason: str) -> Outcome:
    skip = None if kind is None else Skip(kind=kind)
    return Outcome(status=RunStatus.SKIPPED, reason=reason, skip=skip)


def _spec(task_schedule: TaskSchedule, plan: FirePlan, occurrence: DecidedFireTime) -> RunSpec:
    return RunSpec(
        run_id=occurrence_id(task_schedule.task, task_schedule.schedule, occurrence.scheduled_time),
        trigger_type=TriggerType.SCHEDULE,
        actor=ACTOR,
        parameters=task_schedule.schedule.parameters,
        schedule=task_schedule.schedule.name,
        schedule_id=task_schedule.schedule.identity,
        scheduled_time=occurrence.scheduled_time,
        time_zone=task_schedule.schedule.time_zone,
        starts_at=task_schedule.start_time(occurrence.scheduled_time),
        at=plan.at,
    )


def _scheduled_fire(task_schedule: TaskSchedule, occurrence: DecidedFireTime) -> ScheduledFire:
    timed = task_schedule.schedule, task_schedule.calendars
    return ScheduledFire(
        schedule=task_schedule.schedule.name,
        schedule_id=task_schedule.schedule.identity,
        since=interval_begin(timed, occurrence.scheduled_time),
        scheduled_time=occurrence.scheduled_time,
        time_zone=task_schedule.schedule.time_zone,
        parameters=task_schedule.schedule.parameters,
    )
