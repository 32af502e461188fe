"""What is remembered of a schedule, and the only ways in which it changes.

The mark is the newest fire time that is dealt with: whatever lies at or before it never fires
again. What is to be done about fire times after it is decided first and carried out then, so that
whoever carries it out, however late and however often, does the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.identity import RunId, derived_run_id
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.schedules.fire_times import fire_times, jitter

_JUDGED = 1000
"""As many earlier runs as `pauseAfterFailures` may ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Why a schedule does not fire for the time being."""

    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A fire time that has come, and what becomes of it."""

    nominal: datetime
    skipped: str = ""
    """Why it is recorded without running; empty where it runs."""
    cancels: tuple[RunId, ...] = ()
    """The runs that it takes the place of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Fire times in a row that passed and are not made good."""

    first: datetime
    last: datetime
    count: int
    is_more: bool = False
    """Whether they are more than were counted."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done about the fire times up to a new mark."""

    at: datetime
    """When it was decided."""
    mark: datetime
    occurrences: tuple[Occurrence, ...] = ()
    missed: Missed | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing comes of it but the mark."""
        return not self.occurrences and self.missed is None

    @property
    def fires(self) -> tuple[Occurrence, ...]:
        """The occurrences that run."""
        return tuple(each for each in self.occurrences if not each.skipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleState:
    """A schedule of a Task on its way through time."""

    task: str
    schedule: str
    revision: str
    """Stands for the definition that it was last brought in line with."""
    mark: datetime
    due: datetime | None = None
    """When it is to be looked at next: its place in the index. None is in no place."""
    paused: Pause | None = None
    pending: Plan | None = None
    """What was decided and may be carried out in part; it comes before everything else."""
    last_fire: datetime | None = None
    last_run: RunId | None = None
    failures: int = 0
    """How many runs in a row have failed, of those that were judged."""
    unjudged: tuple[RunId, ...] = ()
    """Its runs since, oldest first, where failures are counted."""


def revision_of(task: Task, schedule: Schedule) -> str:
    """Return what changes with every edit that matters to when the schedule fires or what it runs.

    Whether the Task is enabled is part of it, so that enabling starts from now.
    """
    content = [task.name, task.enabled, schedule.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def occurrence_id(task: str, schedule: str, nominal: datetime) -> RunId:
    """Return the id of the one run of an occurrence."""
    return derived_run_id("schedule", task, schedule, nominal.isoformat())


def missed_id(task: str, schedule: str, missed: Missed) -> RunId:
    """Return the id of the run that tells of missed fire times."""
    return derived_run_id("schedule", task, schedule, "missed", missed.last.isoformat())


def begun(
    task: Task, schedule: Schedule, former: ScheduleState | None, *, now: datetime
) -> ScheduleState:
    """Return a schedule that is new or was edited: it goes on from now and catches up on nothing.

    It stays paused, and what was decided before is still carried out unless it is disabled now.
    """
    state = former or ScheduleState(task=task.name, schedule=schedule.name, revision="", mark=now)
    if not (task.enabled and schedule.enabled):
        state = replace(state, pending=None)
    state = replace(state, revision=revision_of(task, schedule), mark=now)
    return placed(task, schedule, state)


def placed(task: Task, schedule: Schedule, state: ScheduleState) -> ScheduleState:
    """Return the state with its place in the index."""
    if state.pending is not None:
        return state
    runs = task.enabled and schedule.enabled and state.paused is None
    following = next(fire_times(schedule, after=state.mark), None) if runs else None
    if following is None:
        return replace(state, due=None)
    due = following.nominal + jitter(task.name, schedule, following.nominal)
    return replace(state, due=due)


def planned(state: ScheduleState, plan: Plan) -> ScheduleState:
    """Return the state with what is to be done; it keeps its place until that is done."""
    return replace(state, pending=plan)


def carried_out(task: Task, schedule: Schedule, state: ScheduleState, plan: Plan) -> ScheduleState:
    """Return the state after what was decided."""
    state = replace(state, pending=None, mark=max(state.mark, plan.mark))
    if plan.fires:
        state = replace(state, last_fire=plan.fires[-1].nominal)
    if plan.fires and not task.dependencies:
        ids = [occurrence_id(task.name, schedule.name, each.nominal) for each in plan.fires]
        counted = (*state.unjudged, *ids)[-_JUDGED:] if schedule.pause_after_failures else ()
        state = replace(state, last_run=ids[-1], unjudged=counted)
    return placed(task, schedule, state)


def judged(state: ScheduleState, outcomes: Sequence[RunStatus]) -> ScheduleState:
    """Return the state with the outcomes of its oldest runs that were not judged yet.

    A success begins the count anew; a run that was cancelled or skipped says nothing.
    """
    failures = state.failures
    for outcome in outcomes:
        if outcome is RunStatus.FAILED:
            failures += 1
        elif outcome is RunStatus.SUCCEEDED:
            failures = 0
    return replace(state, failures=failures, unjudged=state.unjudged[len(outcomes) :])


def paused(task: Task, schedule: Schedule, state: ScheduleState, pause: Pause) -> ScheduleState:
    """Return the state of a schedule that does not fire until it is resumed."""
    return placed(task, schedule, replace(state, paused=pause))


def resumed(
    task: Task, schedule: Schedule, state: ScheduleState, *, now: datetime
) -> ScheduleState:
    """Return the state of a schedule that goes on from now; one that was not paused stays as it is.

    What passed meanwhile is not made good, and failures are counted from the beginning.
    """
    if state.paused is None:
        return state
    state = replace(state, paused=None, mark=now, failures=0, unjudged=())
    return placed(task, schedule, state)
