"""Lists the paused and disabled schedules of all Tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from polysync_core.application.missed.list_limits import Bounded
from polysync_core.application.ports import ScheduleStore
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.schedules.state import Pause, ScheduleState
from polysync_core.domain.schedules.stored_schedules import IdleSchedule

MAX_SCHEDULES = 200
"""The maximum number of stopped schedules to examine."""


class IdleCause(StrEnum):
    """The reason why a schedule does not fire."""

    PAUSED = "Paused"
    SCHEDULE_DISABLED = "ScheduleDisabled"
    TASK_DISABLED = "TaskDisabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedSchedule:
    """A schedule that does not fire until a person changes it."""

    task: str
    schedule: str
    cause: IdleCause
    pause: Pause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedSchedules:
    """Lists the schedules that a person or Polysync has stopped."""

    definitions: DefinitionSource
    store: ScheduleStore

    def all(self) -> Bounded[StoppedSchedule]:
        """Return the stopped schedules by Task; a schedule at its end is not one of them."""
        found = self.store.idle(limit=MAX_SCHEDULES)
        stopped = self._stopped(found[:MAX_SCHEDULES])
        return Bounded(items=stopped, is_complete=len(found) <= MAX_SCHEDULES)

    def _stopped(self, idle: Sequence[IdleSchedule]) -> list[StoppedSchedule]:
        tasks = {name: self._task(name) for name in dict.fromkeys(each.task for each in idle)}
        states = {
            (name, each.state.schedule): each.state
            for name, task in tasks.items()
            if task is not None
            for each in self.store.of_task(name)
        }
        found = (
            _stopped(task, states.get((each.task, each.schedule)), each.schedule)
            for each in idle
            if (task := tasks[each.task]) is not None
        )
        return [each for each in found if each is not None]

    def _task(self, name: str) -> Task | None:
        stored = self.definitions.get(Kind.TASK, name)
        return stored.definition if stored and isinstance(stored.definition, Task) else None


def _stopped(task: Task, state: ScheduleState | None, name: str) -> StoppedSchedule | None:
    schedule = next((each for each in task.schedules if each.identity == name), None)
    if schedule is None or state is None:
        return None
    if state.paused is not None:
        cause = IdleCause.PAUSED
    elif not task.enabled:
        cause = IdleCause.TASK_DISABLED
    elif not schedule.enabled:
        cause = IdleCause.SCHEDULE_DISABLED
    else:
        return None
    return StoppedSchedule(task=task.name, schedule=schedule.name, cause=cause, pause=state.paused)
