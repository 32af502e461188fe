"""Letting one schedule fire: what is to be done is decided and written, then done, then over.

Whoever finds something decided does it, whether it was done in part, by somebody else, or not at
all: the runs have the ids of their occurrences, so each comes into being once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from polysync_core.application.ports import Engine, FireTimeGate, Runs, ScheduleStore
from polysync_core.application.runs.accepting import RunFactory, Start
from polysync_core.application.runs.closing import Closing
from polysync_core.application.runs.outcomes import failure
from polysync_core.application.runs.recording import ACTOR
from polysync_core.application.schedules.tick_context import TickContext
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.schedules import Overlap, Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dependencies.tokens import ScheduledFire
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import Outcome, RunStatus, TriggerType
from polysync_core.domain.schedules.fire_plan import (
    Rules,
    decide,
    told,
    without_fires,
    without_overlap,
)
from polysync_core.domain.schedules.fire_times import jitter
from polysync_core.domain.schedules.state import (
    Missed,
    Occurrence,
    Pause,
    Plan,
    ScheduleState,
    carried_out,
    judged,
    missed_id,
    occurrence_id,
    planned,
)
from polysync_core.domain.schedules.stored import StoredSchedule
from polysync_core.telemetry.instruments import instruments

_log = logging.getLogger(__name__)


class Cancel(Protocol):
    """Stops a run, or leaves it as it is where it has ended."""

    def __call__(self, run_id: RunId, *, engine: Engine) -> object:
        """Do so."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """Carries a schedule over the fire times that have come."""

    runs: Runs
    store: ScheduleStore
    acceptance: RunFactory
    closing: Closing
    gate: FireTimeGate
    cancel: Cancel
    clock: Clock

    def fire(
        self, task: Task, schedule: Schedule, stored: StoredSchedule, around: TickContext
    ) -> Iterator[Plan]:
        """Do what is due and yield what it was; raises `StaleETag` where others are at it.

        What a former tick left over comes first; the fire time of now must not wait for the next.
        """
        if (left := stored.state.pending) is not None:
            stored = self._finish(task, schedule, stored, left, around)
            yield left
        if stored.state.due is None or stored.state.due > self.clock():
            return
        state, plan = self._decided(task, schedule, stored.state, around)
        if not plan.is_empty:
            stored = self.store.put(planned(state, plan), replacing=stored)
        self._finish(task, schedule, stored, plan, around)
        yield plan

    def _finish(
        self,
        task: Task,
        schedule: Schedule,
        stored: StoredSchedule,
        plan: Plan,
        around: TickContext,
    ) -> StoredSchedule:
        """Carry out what was decided, and remember that it is done."""
        self._carry_out(task, schedule, plan, around)
        state = carried_out(task, schedule, stored.state, plan)
        return self.store.put(state, replacing=stored)

    def _decided(
        self, task: Task, schedule: Schedule, state: ScheduleState, around: TickContext
    ) -> tuple[ScheduleState, Plan]:
        rules = Rules(
            task=task.name, schedule=schedule, calendars=around.calendars(schedule.calendars)
        )
        plan = decide(rules, mark=state.mark, now=self.clock())
        if plan.fires and schedule.pause_after_failures is not None:
            state = judged(state, list(self._outcomes(state)))
            if state.failures >= schedule.pause_after_failures:
                return self._given_up(state, plan)
        if plan.fires and schedule.overlap is not Overlap.QUEUE:
            active = around.active_runs(task, state.last_run)
            plan = without_overlap(plan, schedule.overlap, active)
        return state, plan

    def _outcomes(self, state: ScheduleState) -> Iterator[RunStatus]:
        """Yield how the runs that were not judged yet have ended, up to the first that has not."""
        for run_id in state.unjudged:
            stored = self.runs.get(run_id)
            if stored is None or not stored.run.status.is_terminal:
                return
            yield stored.run.status

    def _given_up(self, state: ScheduleState, plan: Plan) -> tuple[ScheduleState, Plan]:
        pause = Pause(
            reason=f"Paused by itself: its last {state.failures} runs have failed.",
            at=plan.at,
            by=ACTOR,
        )
        _log.warning(
            "A schedule was paused as its runs fail.",
            extra={
                "action": "schedule_paused",
                "task": state.task,
                "schedule": state.schedule,
                "failures": state.failures,
            },
        )
        why = (
            f"Skipped: the last {state.failures} runs of schedule '{state.schedule}' have failed, "
            "so it is paused; resume it when that is mended."
        )
        return replace(state, paused=pause), without_fires(plan, why)

    def _carry_out(self, task: Task, schedule: Schedule, plan: Plan, around: TickContext) -> None:
        if plan.missed is not None:
            self._skip(task, *_missed(task, schedule, plan, plan.missed), around.engine)
        for place, occurrence in enumerate(plan.occurrences):
            # What is queued at one moment starts in no order: the oldest goes first.
            at = plan.at + timedelta(milliseconds=place)
            start = replace(_start(task, schedule, plan, occurrence), at=at)
            if occurrence.skipped:
                self._skip(task, start, occurrence.skipped, around.engine)
                continue
            due = occurrence.nominal + jitter(task.name, schedule, occurrence.nominal)
            instruments().schedule_lateness.record((self.clock() - due).total_seconds())
            for run_id in occurrence.cancels:
                self.cancel(run_id, engine=around.engine)
            if task.dependencies:
                self.gate.deliver_fire_time(
                    task.name, _fire_time(schedule, occurrence), around.engine
                )
            else:
                self._run(task, start, around.engine)

    def _run(self, task: Task, start: Start, engine: Engine) -> None:
        try:
            run = self.acceptance.run_of(task, start)
        except Invalid as error:
            self._end(task, start, failure(FailureCause.PARAMETERS, str(error)), engine)
            return
        if self.acceptance.store(run) is not None:
            self.acceptance.enqueue(run, engine)

    def _skip(self, task: Task, start: Start, why: str, engine: Engine) -> None:
        self._end(task, start, Outcome(status=RunStatus.SKIPPED, reason=why), engine)

    def _end(self, task: Task, start: Start, outcome: Outcome, engine: Engine) -> None:
        """Store a run that has ended before it began, and let its dependents know."""
        stored = self.acceptance.store(self.acceptance.finished_run(task, start, outcome))
        if stored is not None:
            self.closing.hand_over(stored.run, engine)


def _missed(task: Task, schedule: Schedule, plan: Plan, missed: Missed) -> tuple[Start, str]:
    start = _start(task, schedule, plan, Occurrence(nominal=missed.last))
    return replace(start, run_id=missed_id(task.name, schedule.name, missed)), told(missed)


def _start(task: Task, schedule: Schedule, plan: Plan, occurrence: Occurrence) -> Start:
    return Start(
        run_id=occurrence_id(task.name, schedule.name, occurrence.nominal),
        trigger_type=TriggerType.SCHEDULE,
        actor=ACTOR,
        parameters=schedule.parameters,
        schedule=schedule.name,
        scheduled_time=occurrence.nominal,
        time_zone=schedule.time_zone,
        at=plan.at,
    )


def _fire_time(schedule: Schedule, occurrence: Occurrence) -> ScheduledFire:
    return ScheduledFire(
        schedule=schedule.name,
        nominal=occurrence.nominal,
        time_zone=schedule.time_zone,
        parameters=schedule.parameters,
    )
