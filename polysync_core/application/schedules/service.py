"""Schedules as their users see them: where they stand, pausing and resuming."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from polysync_core.application.ports import ScheduleStore
from polysync_core.application.schedules.syncing import ScheduleSync
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.calendars import Calendar
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Conflict, NotFound, StaleETag, Unavailable
from polysync_core.domain.schedules.fire_times import fire_times, is_excluded
from polysync_core.domain.schedules.state import Pause, ScheduleState, paused, resumed, revision_of
from polysync_core.domain.schedules.stored import StoredSchedule

_TRIES = 8
_LOOKED_AT = 5_000
"""Fire times in a row that calendars may exclude before the search for the next one ends."""

_log = logging.getLogger(__name__)

type _Change = Callable[[Schedule, ScheduleState], ScheduleState]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A schedule and where it stands."""

    schedule: Schedule
    paused: Pause | None = None
    next_fire_time: datetime | None = None
    """The next nominal time; None where it will not fire as things stand."""
    last_fire_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleService:
    """The use cases around the schedules of a Task."""

    task_named: Callable[[str], Task]
    """Return a Task, or raise `NotFound`."""
    calendar_named: Callable[[str], Calendar]
    """Return a calendar, or raise `NotFound`."""
    store: ScheduleStore
    sync: ScheduleSync
    clock: Clock

    def standings(self, name: str) -> list[Standing]:
        """Return the schedules of a Task as they stand; raises `NotFound`."""
        task = self.task_named(name)
        stored = self.store.of_task(name) if task.schedules else ()
        states = {each.state.schedule: each.state for each in stored}
        return [self._standing(task, each, states.get(each.name)) for each in task.schedules]

    def next_fire_time(self, name: str) -> datetime | None:
        """Return when a Task fires next by any of its schedules; raises `NotFound`."""
        times = [each.next_fire_time for each in self.standings(name)]
        return min((each for each in times if each is not None), default=None)

    def pause(self, name: str, *, schedule: str | None, reason: str, by: str) -> list[Standing]:
        """Let a schedule of a Task, or all of them, fire no more until they are resumed.

        Raises `NotFound`, or `Conflict` where the Task has no schedule.
        """
        task = self.task_named(name)
        pause = Pause(reason=reason, at=self.clock(), by=by)
        for each in _chosen(task, schedule):
            self._change(task, each, lambda one, state: paused(task, one, state, pause))
            _logged("A schedule was paused.", "schedule_paused", task, each)
        return self.standings(name)

    def resume(self, name: str, *, schedule: str | None) -> list[Standing]:
        """Let a schedule of a Task, or all of them, go on from now; raises as `pause`."""
        task = self.task_named(name)
        for each in _chosen(task, schedule):
            self._change(task, each, lambda one, state: resumed(task, one, state, now=self.clock()))
            _logged("A schedule was resumed.", "schedule_resumed", task, each)
        return self.standings(name)

    def _change(self, task: Task, schedule: Schedule, change: _Change) -> None:
        for _ in range(_TRIES):
            stored = self._current(task, schedule)
            state = change(schedule, stored.state)
            if state == stored.state:
                return
            try:
                self.store.put(state, replacing=stored)
            except StaleETag:
                continue
            return
        raise Unavailable("The schedule is being changed by too many at once.", retry_after=1)

    def _current(self, task: Task, schedule: Schedule) -> StoredSchedule:
        """Return the state in line with the definition, which a crash may have left behind."""
        stored = self.store.get(task.name, schedule.name)
        if stored is None or stored.state.revision != revision_of(task, schedule):
            self.sync.sync(task.name)
            stored = self.store.get(task.name, schedule.name)
        if stored is None:
            raise Conflict("The task was changed at the same time; ask again.")
        return stored

    def _standing(self, task: Task, schedule: Schedule, state: ScheduleState | None) -> Standing:
        if state is None:
            return Standing(schedule=schedule)
        fires = task.enabled and schedule.enabled and state.paused is None
        return Standing(
            schedule=schedule,
            paused=state.paused,
            next_fire_time=self._next(schedule, state.mark) if fires else None,
            last_fire_time=state.last_fire,
        )

    def _next(self, schedule: Schedule, after: datetime) -> datetime | None:
        calendars = [self.calendar_named(name) for name in schedule.calendars]
        fires = islice(fire_times(schedule, after=after), _LOOKED_AT)
        return next((each.nominal for each in fires if not is_excluded(each, calendars)), None)


def schedule_of(task: Task, name: str) -> Schedule:
    """Return a schedule of a Task, or raise `NotFound`."""
    for schedule in task.schedules:
        if schedule.name == name:
            return schedule
    known = ", ".join(each.name for each in task.schedules) or "none"
    raise NotFound(f"Task '{task.name}' has no schedule '{name}' (it has: {known}).")


def _chosen(task: Task, name: str | None) -> Sequence[Schedule]:
    if name is not None:
        return [schedule_of(task, name)]
    if not task.schedules:
        raise Conflict(f"Task '{task.name}' has no schedule.")
    return task.schedules


def _logged(sentence: str, action: str, task: Task, schedule: Schedule) -> None:
    extra = {"action": action, "task": task.name, "schedule": schedule.name}
    _log.info(sentence, extra=extra)
