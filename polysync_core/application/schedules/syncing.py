"""Syncs the states of schedules with the definitions of their Tasks.

An edit of a Task is recorded before the write and removed after its schedules are synced
(write-ahead). After a crash in between, the next tick finds the record and syncs the schedules.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from polysync_core.application.ports import ScheduleStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.conflicts import retry_on_conflict
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import PolysyncError, Refused, Unavailable
from polysync_core.domain.schedules.state import TaskSchedule, initial_state, revision_of
from polysync_core.domain.schedules.stored import Edit, StoredSchedule

WRITE_LIMIT = timedelta(minutes=5)
"""Longer than the host's limit for a request: after this time a recorded write has ended."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSync:
    """Syncs the states of a Task's schedules with its definition."""

    definitions: DefinitionSource
    store: ScheduleStore
    clock: Clock

    def sync(self, name: str) -> None:
        """Start new and edited schedules, and remove deleted ones; others keep their watermark.

        The states are read before the definition. A state that another process has synced with a
        newer definition has another ETag, so it is never overwritten with an older definition.
        """
        busy = f"Too many writers change the schedules of task '{name}' at once: try again."
        retry_on_conflict(lambda: self._sync_once(name), exhausted=Unavailable(busy, retry_after=1))

    def finish(self, edit: Edit) -> None:
        """Sync the schedules of a recorded edit; remove the record once its write has ended."""
        self.sync(edit.task)
        if self.clock() - edit.at >= WRITE_LIMIT:
            self.store.remove_edit(edit)

    @contextmanager
    def following(self, *versions: Definition | None) -> Generator[None]:
        """Sync the schedules of a Task with the write that the block performs.

        Write-ahead: record the edit, write the definition, sync the schedules, remove the record.
        After a crash in between, the next tick finds the record and syncs the schedules.
        """
        tasks = [each for each in versions if isinstance(each, Task) and each.schedules]
        if not tasks:
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
            self.store.remove_edit(edit)

        _best_effort(follow, edit)

    def _sync_once(self, name: str) -> None:
        states = {each.state.schedule: each for each in self.store.of_task(name)}
        for each in self._schedules(name):
            self._start(each, states.pop(each.schedule.name, None))
        for deleted in states.values():
            self.store.remove(deleted)

    def _start(self, task_schedule: TaskSchedule, former: StoredSchedule | None) -> None:
        """Start a schedule from now, unless its state already follows this definition."""
        state = None if former is None else former.state
        if state is not None and state.revision == revision_of(
            task_schedule.task, task_schedule.schedule
        ):
            return
        self.store.put(initial_state(task_schedule, state, now=self.clock()), replacing=former)
        facts = {"task": task_schedule.task.name, "schedule": task_schedule.schedule.name}
        _log.info("A schedule continues from now.", extra={"action": "schedule_begun", **facts})

    def _schedules(self, name: str) -> list[TaskSchedule]:
        """Return the schedules of a Task; a deleted Task has none."""
        stored = self.definitions.get(Kind.TASK, name)
        task = stored and stored.definition
        if not isinstance(task, Task):
            return []
        return [TaskSchedule(task=task, schedule=each) for each in task.schedules]


def _best_effort(step: Callable[[], None], edit: Edit) -> None:
    """Do a step that the next tick repeats if it fails here."""
    try:
        step()
    except PolysyncError as error:
        _log.warning(
            "The schedules of a task could not follow its edit; the next tick repeats the sync.",
            extra={"action": "schedule_sync_pending", "task": edit.task, "error": str(error)},
        )
