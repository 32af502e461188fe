"""Defines the stored state of a schedule, and functions that change the state.

The watermark is the newest fire time that is processed: no fire time at or before it fires again.
A fire plan is stored in the state before it is executed (write-ahead), so any later tick can
repeat the execution with the same result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.identity import RunId, derived_run_id
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.runs.skip import SkipKind
from polysync_core.domain.schedules.fire_times import fire_times, jitter
from polysync_core.domain.schedules.timing import Timing, timing_of

_MAX_UNCOUNTED = 1000
"""The largest value of `pauseAfterFailures`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSchedule:
    """A schedule together with its Task and its calendars."""

    task: Task
    schedule: Schedule
    calendars: tuple[Calendar, ...] = ()
    """The calendars of the schedule; only `plan_fires` needs them."""

    @property
    def is_enabled(self) -> bool:
        """True if both the Task and the schedule are enabled."""
        return self.task.enabled and self.schedule.enabled

    def start_time(self, scheduled_time: datetime) -> datetime:
        """Return the planned start: the scheduled time plus its jitter."""
        return scheduled_time + jitter(self.task.name, self.schedule, scheduled_time)

    def due_time(self, scheduled_time: datetime) -> datetime:
        """Return the time at which a tick processes a fire time.

        The run of a jittered fire time exists from the fire time on, and its start waits. A gate
        has no such run, so it receives the fire time at the planned start.
        """
        return self.start_time(scheduled_time) if self.task.dependencies else scheduled_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """The reason why a schedule is paused."""

    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedFireTime:
    """An elapsed fire time with the decision about it."""

    scheduled_time: datetime
    skip_reason: str | None = None
    """The reason why the run is skipped; None if it runs."""
    skip_kind: SkipKind | None = None
    """The rule that skips the run."""
    cancels: tuple[RunId, ...] = ()
    """The active runs to cancel before this one starts."""
    replaces: tuple[RunId, ...] = ()
    """The waiting runs of the schedule that this one replaces; they are skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedFireTimes:
    """Consecutive fire times that elapsed without a run."""

    first: datetime
    last: datetime
    count: int
    is_lower_bound: bool = False
    """True if more fire times were missed than counted."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirePlan:
    """The decision of one tick about the fire times up to a new watermark."""

    at: datetime
    """The time at which the decision was made."""
    watermark: datetime
    occurrences: tuple[DecidedFireTime, ...] = ()
    missed: MissedFireTimes | None = None
    pause: Pause | None = None
    """Set if the schedule pauses itself because its runs fail."""
    born: int | None = None
    """The first version of the deleted Task that the plan belongs to; None is the present Task."""

    @property
    def is_empty(self) -> bool:
        """True if the plan creates no run and only advances the watermark."""
        return not self.occurrences and self.missed is None

    @property
    def fires(self) -> tuple[DecidedFireTime, ...]:
        """The occurrences that are not skipped."""
        return tuple(each for each in self.occurrences if each.skip_reason is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleState:
    """The progress of one schedule of a Task."""

    task: str
    schedule: str
    """The identity of the schedule, which survives a rename."""
    revision: str
    """The revision of the definition that this state follows."""
    watermark: datetime
    due: datetime | None = None
    """The next time at which the schedule is due: its index key; None means no index entry."""
    paused: Pause | None = None
    pending: FirePlan | None = None
    """A plan that may be executed in part; it is finished before anything else."""
    unsettled: tuple[FirePlan, ...] = ()
    """Plans for fire times that elapsed before an edit; a tick executes them in order."""
    born: int = 1
    """The number of the first version of the Task; a Task that is defined anew has another one."""
    timing: Timing | None = None
    """The timing that the watermark belongs to."""
    begun: datetime | None = None
    """The time from which the schedule has its present fire times."""
    last_fire_time: datetime | None = None
    last_run: RunId | None = None
    consecutive_failures: int = 0
    """The failed runs in a row, of the runs whose outcomes are counted."""
    uncounted_runs: tuple[RunId, ...] = ()
    """The newer runs, oldest first; empty for a schedule that never pauses itself."""

    @property
    def decided_until(self) -> datetime:
        """The newest fire time that a finished or stored plan decides."""
        plans = (*self.unsettled, *(() if self.pending is None else (self.pending,)))
        return max([self.watermark, *(plan.watermark for plan in plans)])


def revision_of(task: Task, schedule: Schedule) -> str:
    """Return a digest of the definition of a schedule, which changes with every edit."""
    content = [task.identity, task.enabled, schedule.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def occurrence_id(task: Task, schedule: Schedule, scheduled_time: datetime) -> RunId:
    """Return the id of the one run of a fire time."""
    at = scheduled_time.isoformat()
    return derived_run_id("schedule", task.identity, schedule.identity, at)


def missed_id(task: Task, schedule: Schedule, missed: MissedFireTimes) -> RunId:
    """Return the id of the skipped run that records missed fire times."""
    at = missed.last.isoformat()
    return derived_run_id("schedule", task.identity, schedule.identity, "missed", at)


def restarts(task_schedule: TaskSchedule, former: ScheduleState) -> bool:
    """Return whether an edit has moved fire times; such a schedule starts anew."""
    timing = timing_of(task_schedule.task, task_schedule.schedule)
    return former.timing is None or not former.timing.has_times_of(timing)


def initial_state(
    task_schedule: TaskSchedule,
    former: ScheduleState | None,
    *,
    now: datetime,
    elapsed: FirePlan | None = None,
) -> ScheduleState:
    """Return the state of a new or edited schedule.

    A schedule whose fire times have moved continues from now, and `elapsed` is the plan for those
    before. Any other edit keeps the watermark. A pause and a pending plan stay.
    """
    state = former or ScheduleState(
        task=task_schedule.task.name,
        schedule=task_schedule.schedule.identity,
        revision="",
        watermark=now,
    )
    if restarts(task_schedule, state):
        state = replace(with_restart(state, elapsed, now=now), begun=now)
    state = replace(
        state,
        revision=revision_of(task_schedule.task, task_schedule.schedule),
        born=task_schedule.task.row.born,
        timing=timing_of(task_schedule.task, task_schedule.schedule),
    )
    return with_due_time(task_schedule, state)


def inherited_state(state: ScheduleState, plans: Sequence[FirePlan]) -> ScheduleState:
    """Return a state that keeps only the plans of a deleted Task."""
    return ScheduleState(
        task=state.task,
        schedule=state.schedule,
        revision="",
        watermark=state.watermark,
        unsettled=tuple(replace(plan, born=plan.born or state.born) for plan in plans),
    )


def with_restart(state: ScheduleState, elapsed: FirePlan | None, *, now: datetime) -> ScheduleState:
    """Return the state that continues from now, with the plan for the fire times before."""
    unsettled = state.unsettled if elapsed is None else (*state.unsettled, elapsed)
    return replace(state, watermark=now, unsettled=unsettled)


def removed(
    task_schedule: TaskSchedule, state: ScheduleState, elapsed: FirePlan | None, *, now: datetime
) -> ScheduleState | None:
    """Return the state of a schedule that its Task does not have any more.

    None if no plan is left. A schedule of the same name that is added later starts from then.
    """
    state = with_restart(state, elapsed, now=now)
    if state.pending is None and not state.unsettled:
        return None
    timing = timing_of(task_schedule.task, task_schedule.schedule)
    kept = replace(
        state,
        revision="",
        timing=replace(timing, is_enabled=False),
        paused=None,
        last_run=None,
        consecutive_failures=0,
        uncounted_runs=(),
    )
    return with_due_time(task_schedule, kept)


def with_due_time(task_schedule: TaskSchedule, state: ScheduleState) -> ScheduleState:
    """Return the state with the time of its next fire time; a stored plan stays due."""
    if state.pending is not None:
        return state
    if state.unsettled:
        # The index has milliseconds, so a due time with microseconds would lie after its entry.
        return replace(state, due=state.unsettled[0].at.replace(microsecond=0))
    fires = task_schedule.is_enabled and state.paused is None
    following = (
        next(fire_times(task_schedule.schedule, after=state.watermark), None) if fires else None
    )
    return replace(
        state, due=None if following is None else task_schedule.due_time(following.scheduled_time)
    )


def with_outcomes(state: ScheduleState, outcomes: Sequence[RunStatus]) -> ScheduleState:
    """Return the state with the outcomes of its oldest uncounted runs.

    A success resets the count of failures. A cancelled or skipped run does not change the count.
    """
    failures = state.consecutive_failures
    for outcome in outcomes:
        if outcome is RunStatus.FAILED:
            failures += 1
        elif outcome is RunStatus.SUCCEEDED:
            failures = 0
    rest = state.uncounted_runs[len(outcomes) :]
    return replace(state, consecutive_failures=failures, uncounted_runs=rest)


def with_plan(state: ScheduleState, plan: FirePlan) -> ScheduleState:
    """Return the state with a pending plan; the schedule stays due until the plan is executed.

    The plan takes the place of the oldest unsettled one, if there is one.
    """
    paused = plan.pause or state.paused
    return replace(state, pending=plan, unsettled=state.unsettled[1:], paused=paused)


def with_plan_done(
    task_schedule: TaskSchedule, state: ScheduleState, plan: FirePlan
) -> ScheduleState:
    """Return the state after a plan was executed, with the new watermark."""
    state = replace(state, pending=None, watermark=max(state.watermark, plan.watermark))
    if plan.fires:
        state = replace(state, last_fire_time=plan.fires[-1].scheduled_time)
    if plan.fires and not task_schedule.task.dependencies:
        task, schedule = task_schedule.task, task_schedule.schedule
        ids = [occurrence_id(task, schedule, each.scheduled_time) for each in plan.fires]
        counts = task_schedule.schedule.pause_after_failures is not None
        uncounted = (*state.uncounted_runs, *ids)[-_MAX_UNCOUNTED:] if counts else ()
        state = replace(state, last_run=ids[-1], uncounted_runs=uncounted)
    return with_due_time(task_schedule, state)


def paused(
    task_schedule: TaskSchedule,
    state: ScheduleState,
    pause: Pause,
    elapsed: FirePlan | None = None,
) -> ScheduleState:
    """Return the state of a schedule that does not fire until it is resumed.

    `elapsed` is the plan for the fire times before the pause.
    """
    state = with_restart(state, elapsed, now=max(pause.at, state.watermark))
    return with_due_time(task_schedule, replace(state, paused=pause))


def resumed(task_schedule: TaskSchedule, state: ScheduleState, *, now: datetime) -> ScheduleState:
    """Return the state of a resumed schedule; one that is not paused stays as it is.

    It continues from now without catch-up, and the count of failures starts again.
    """
    if state.paused is None:
        return state
    state = replace(state, paused=None, watermark=now, consecutive_failures=0, uncounted_runs=())
    return with_due_time(task_schedule, state)
