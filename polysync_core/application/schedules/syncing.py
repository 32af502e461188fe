"""Syncs the stored states of schedules and deadlines with the definitions of Tasks.

An edit of a Task is recorded before the write and removed after its schedules are synced
(write-ahead). After a crash in between, the next tick finds the record and syncs the schedules.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from polysync_core.application.definitions.deleted import DeletedDefinitions
from polysync_core.application.ports import ScheduleStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.conflicts import retry_on_conflict
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Conflict, PolysyncError, Refused, Unavailable
from polysync_core.domain.schedules.settling import (
    Interruption,
    settled_plan,
    skipped_plan,
    stopped,
)
from polysync_core.domain.schedules.state import (
    FirePlan,
    ScheduleState,
    TaskSchedule,
    inherited_state,
    initial_state,
    removed,
    restarts,
    revision_of,
)
from polysync_core.domain.schedules.stored_schedules import Edit, StoredSchedule

WRITE_LIMIT = timedelta(minutes=5)
"""Longer than the host's limit for a request: after this time a recorded write has ended."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSync:
    """Syncs the states of a Task's schedules with its definition."""

    definitions: DefinitionSource
    store: ScheduleStore
    deadlines: Callable[[str], None]
    """Syncs the deadlines of a Task."""
    clock: Clock
    deleted: DeletedDefinitions

    def sync(self, name: str) -> None:
        """Start new and edited schedules, and remove deleted ones; others keep their watermark.

        The fire times that elapsed before an edit are settled by the next tick.

        The states are read before the definition. A state that another process has synced with a
        newer definition has another ETag, so it is never overwritten with an older definition.
        """
        busy = f"Too many writers change the schedules of task '{name}' at once: try again."
        retry_on_conflict(lambda: self._sync_once(name), exhausted=Unavailable(busy, retry_after=1))

    def finish(self, edit: Edit) -> None:
        """Sync the Task of a recorded edit; remove the record once its write has ended."""
        self.sync(edit.task)
        self.deadlines(edit.task)
        if self.clock() - edit.at >= WRITE_LIMIT:
            self.store.remove_edit(edit)

    @contextmanager
    def following(self, *versions: Definition | None) -> Generator[None]:
        """Sync the schedules and deadlines of a Task with the write that the block performs.

        Write-ahead: record the edit, write the definition, sync the schedules, remove the record.
        After a crash in between, the next tick finds the record and syncs the schedules.
        """
        tasks = [each for each in versions if isinstance(each, Task)]
        has_deadlines = any(each.expect is not None for each in tasks)
        if not has_deadlines and not any(each.schedules for each in tasks):
            yield
            return
        edit = self.store.record_edit(tasks[0].name)
        try:
            yield
        except Refused:
            _best_effort(lambda: self.store.remove_edit(edit), edit)
            raise

        def follow() -> None:
            self.sync(edit.task)
            if has_deadlines:
                self.deadlines(edit.task)
            self.store.remove_edit(edit)

        _best_effort(follow, edit)

    def _sync_once(self, name: str) -> None:
        states = {each.state.schedule: each for each in self.store.of_task(name)}
        task = self._task(name)
        if task is not None:
            for schedule in task.schedules:
                former = states.pop(schedule.identity, None)
                self._start(TaskSchedule(task=task, schedule=schedule), former)
        for each in states.values():
            born = each.state.born
            owner = task or self.deleted.last_task(name, born=born)
            is_kept = task is not None and task.row.born == born
            why = Interruption.REMOVED if is_kept else Interruption.DELETED
            if owner is None or not self._settle_removed(owner, each, why):
                self.store.remove(each)

    def _start(self, task_schedule: TaskSchedule, former: StoredSchedule | None) -> None:
        """Store the state of a new or edited schedule."""
        state = None if former is None else former.state
        if state is not None and state.born != task_schedule.task.row.born:
            # The state belongs to a deleted Task of the same name.
            state = inherited_state(state, self._plans_of_deleted(task_schedule.task, state))
        if state is not None and state.revision == revision_of(
            task_schedule.task, task_schedule.schedule
        ):
            return
        now, elapsed = self.clock(), None
        if state is not None and restarts(task_schedule, state):
            elapsed = self._elapsed(task_schedule, state, now)
            if not task_schedule.is_enabled:
                state = stopped(state, Interruption.DISABLED)
        self.store.put(
            initial_state(task_schedule, state, now=now, elapsed=elapsed), replacing=former
        )
        facts = {"task": task_schedule.task.name, "schedule": task_schedule.schedule.name}
        _log.info("A schedule follows its definition.", extra={"action": "schedule_begun", **facts})

    def _elapsed(
        self, task_schedule: TaskSchedule, state: ScheduleState, now: datetime
    ) -> FirePlan | None:
        """Return the plan for the fire times that elapsed before an edit."""
        former = self._former(task_schedule.task, state)
        if former is None:
            return None
        if not task_schedule.is_enabled:
            return skipped_plan(former, state, Interruption.DISABLED, now=now)
        present = replace(task_schedule, calendars=self._calendars(task_schedule.schedule))
        return settled_plan(former, state, present, now=now)

    def _plans_of_deleted(self, task: Task, state: ScheduleState) -> list[FirePlan]:
        """Return the plans that record the last fire times of a deleted Task.

        `task` is the new Task of the same name.
        """
        state, former = stopped(state, Interruption.DELETED), self._former(task, state)
        plans = [] if state.pending is None else [state.pending]
        plans += state.unsettled
        elapsed = None
        if former is not None:
            elapsed = skipped_plan(former, state, Interruption.DELETED, now=self.clock())
        return plans if elapsed is None else [*plans, elapsed]

    def _settle_removed(self, task: Task, stored: StoredSchedule, why: Interruption) -> bool:
        """Keep the state of a removed schedule while it has unrecorded fire times.

        Return False if there are none.
        """
        now, timing = self.clock(), stored.state.timing
        schedule = None if timing is None else timing.schedule(stored.state.schedule)
        if schedule is None:
            return False
        state = stopped(stored.state, why)
        former, elapsed = self._former(task, state), None
        if former is not None:
            elapsed = skipped_plan(former, state, why, now=now)
        kept = removed(TaskSchedule(task=task, schedule=schedule), state, elapsed, now=now)
        if kept is None:
            return False
        self.store.put(kept, replacing=stored)
        return True

    def _former(self, task: Task, state: ScheduleState) -> TaskSchedule | None:
        """Return the schedule with its timing before an edit, if it fired."""
        timing = state.timing
        schedule = None if timing is None else timing.schedule(state.schedule)
        if timing is None or schedule is None or not timing.is_enabled or state.paused is not None:
            return None
        return TaskSchedule(task=task, schedule=schedule, calendars=self._calendars(schedule))

    def _calendars(self, schedule: Schedule) -> tuple[Calendar, ...]:
        found = (self.definitions.get(Kind.CALENDAR, name) for name in schedule.calendars)
        calendars = (None if stored is None else stored.definition for stored in found)
        return tuple(each for each in calendars if isinstance(each, Calendar))

    def _task(self, name: str) -> Task | None:
        stored = self.definitions.get(Kind.TASK, name)
        if stored is not None and stored.broken is not None:
            raise Conflict(
                f"The schedules of task '{name}' stay as they are: its definition is broken."
            )
        task = stored and stored.definition
        return task if isinstance(task, Task) else None


def _best_effort(step: Callable[[], None], edit: Edit) -> None:
    """Do a step that the next tick repeats if it fails here."""
    try:
        step()
    except PolysyncError as error:
        _log.warning(
            "The schedules of a task could not follow its edit; the next tick repeats the sync.",
            extra={"action": "schedule_sync_pending", "task": edit.task, "error": str(error)},
        )
