"""Lists, pauses and resumes the schedules of a Task."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.application.ports import ScheduleStore
from polysync_core.application.schedules.syncing import ScheduleSync
from polysync_core.domain.clock import Clock
from polysync_core.domain.conflicts import retry_on_conflict
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Conflict, NotFound, Unavailable
from polysync_core.domain.schedules.fire_times import next_fire_time
from polysync_core.domain.schedules.settling import Interruption, skipped_plan
from polysync_core.domain.schedules.state import (
    Pause,
    ScheduleState,
    TaskSchedule,
    paused,
    resumed,
    revision_of,
)
from polysync_core.domain.schedules.stored_schedules import Due, StoredSchedule

_log = logging.getLogger(__name__)

type _Change = Callable[[TaskSchedule, ScheduleState], ScheduleState]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleStatus:
    """A schedule with its progress."""

    schedule: Schedule
    task_enabled: bool = True
    """True if the Task is enabled; no schedule of a disabled Task fires."""
    paused: Pause | None = None
    next_fire_time: datetime | None = None
    """The next fire time; None if the schedule will not fire in its present state."""
    last_fire_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleService:
    """Lists, pauses and resumes the schedules of a Task."""

    definitions: DefinitionReader
    store: ScheduleStore
    sync: ScheduleSync
    clock: Clock

    def statuses(self, name: str) -> list[ScheduleStatus]:
        """Return the status of each schedule of a Task; raises `NotFound`."""
        task = self.definitions.task(name)
        return list(self.statuses_of([task])[name])

    def statuses_of(self, tasks: Iterable[Task]) -> dict[str, list[ScheduleStatus]]:
        """Return the status of each schedule of Tasks, by Task; many Tasks cost ranges only."""
        listed = list(tasks)
        names = [task.name for task in listed if task.schedules]
        states = {
            (each.state.task, each.state.schedule): each.state
            for each in self.store.of_tasks(names)
        }
        return {
            task.name: [
                self._status(task, each, states.get((task.name, each.identity)))
                for each in (() if task.row.broken else task.schedules)
            ]
            for task in listed
        }

    def next_due(self) -> Due | None:
        """Return the schedule that fires next; None if no schedule will ever be due."""
        return self.store.next_due()

    def next_fire_time(self, name: str) -> datetime | None:
        """Return the earliest next fire time of a Task's schedules; raises `NotFound`."""
        times = [each.next_fire_time for each in self.statuses(name)]
        return min((each for each in times if each is not None), default=None)

    def pause(
        self, name: str, *, schedule: str | None, reason: str, by: str
    ) -> list[ScheduleStatus]:
        """Pause one schedule of a Task, or all of them, until they are resumed.

        Raises `NotFound`, or `Conflict` if the Task has no schedule.
        """
        task = self.definitions.task(name)
        pause = Pause(reason=reason, at=self.clock(), by=by)
        for each in _chosen(task, schedule):
            self._change(
                each, lambda task_schedule, state: self._paused(task_schedule, state, pause)
            )
            _log_change("A schedule was paused.", "schedule_paused", each)
        return self.statuses(name)

    def resume(self, name: str, *, schedule: str | None) -> list[ScheduleStatus]:
        """Resume one schedule of a Task, or all of them, from now; raises as `pause`."""
        task = self.definitions.task(name)
        for each in _chosen(task, schedule):
            self._change(
                each, lambda task_schedule, state: resumed(task_schedule, state, now=self.clock())
            )
            _log_change("A schedule was resumed.", "schedule_resumed", each)
        return self.statuses(name)

    def _paused(
        self, task_schedule: TaskSchedule, state: ScheduleState, pause: Pause
    ) -> ScheduleState:
        elapsed = None
        if task_schedule.is_enabled and state.paused is None:
            calendars = map(self.definitions.calendar, task_schedule.schedule.calendars)
            former = replace(task_schedule, calendars=tuple(calendars))
            elapsed = skipped_plan(former, state, Interruption.PAUSED, now=pause.at)
        return paused(task_schedule, state, pause, elapsed)

    def _change(self, task_schedule: TaskSchedule, change: _Change) -> None:
        def attempt() -> None:
            stored = self._current(task_schedule)
            state = change(task_schedule, stored.state)
            if state != stored.state:
                self.store.put(state, replacing=stored)

        busy = "Too many writers change the schedule at the same time: try again."
        retry_on_conflict(attempt, exhausted=Unavailable(busy, retry_after=1))

    def _current(self, task_schedule: TaskSchedule) -> StoredSchedule:
        """Return the state, synced with the definition; a crash may have prevented the sync."""
        task, schedule = task_schedule.task.name, task_schedule.schedule.identity
        stored = self.store.get(task, schedule)
        if stored is None or stored.state.revision != revision_of(
            task_schedule.task, task_schedule.schedule
        ):
            self.sync.sync(task)
            stored = self.store.get(task, schedule)
        if stored is None:
            raise Conflict("The task was changed at the same time; try again.")
        return stored

    def _status(
        self, task: Task, schedule: Schedule, state: ScheduleState | None
    ) -> ScheduleStatus:
        if state is None:
            return ScheduleStatus(schedule=schedule, task_enabled=task.enabled)
        fires = task.enabled and schedule.enabled and state.paused is None
        return ScheduleStatus(
            schedule=schedule,
            task_enabled=task.enabled,
            paused=state.paused,
            next_fire_time=self._next(schedule, state.watermark) if fires else None,
            last_fire_time=state.last_fire_time,
        )

    def _next(self, schedule: Schedule, after: datetime) -> datetime | None:
        try:
            calendars = [self.definitions.calendar(name) for name in schedule.calendars]
        except Conflict:
            # A broken calendar is marked in its own list; until then the next fire time is unknown.
            return None
        fire = next_fire_time(schedule, calendars, after=after)
        return None if fire is None else fire.scheduled_time


def schedule_of(task: Task, name: str) -> Schedule:
    """Return a schedule of a Task, or raise `NotFound`."""
    for schedule in task.schedules:
        if schedule.name == name:
            return schedule
    known = ", ".join(each.name for each in task.schedules) or "none"
    raise NotFound(f"Task '{task.name}' has no schedule '{name}' (it has: {known}).")


def _chosen(task: Task, name: str | None) -> Sequence[TaskSchedule]:
    schedules = task.schedules if name is None else (schedule_of(task, name),)
    if not schedules:
        raise Conflict(f"Task '{task.name}' has no schedule.")
    return [TaskSchedule(task=task, schedule=each) for each in schedules]


def _log_change(sentence: str, action: str, task_schedule: TaskSchedule) -> None:
    extra = {
        "action": action,
        "task": task_schedule.task.name,
        "schedule": task_schedule.schedule.name,
    }
    _log.info(sentence, extra=extra)
