"""Keeping the states of schedules in line with the definitions of their Tasks.

That a Task is about to be changed is noted first, and forgotten when its schedules are in line. So
a crash in between leaves a note, by which the next tick does the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from polysync_core.application.ports import ScheduleStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import PolysyncError, Refused, StaleETag, Unavailable
from polysync_core.domain.schedules.state import begun, revision_of
from polysync_core.domain.schedules.stored import Edit, StoredSchedule

WRITING = timedelta(minutes=5)
"""Longer than the host lets a request last: what was announced before has been written by now, or
never will be."""
_TRIES = 8

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSync:
    """Brings the states of a Task's schedules in line with its definition."""

    definitions: DefinitionSource
    store: ScheduleStore
    clock: Clock

    def sync(self, name: str) -> None:
        """Begin what is new or was edited, and remove what is gone; the rest keeps its mark.

        The states are read before the definition, so that one which somebody else has brought in
        line with a newer definition is never taken back: its ETag has changed.
        """
        for _ in range(_TRIES):
            states = {each.state.schedule: each for each in self.store.of_task(name)}
            try:
                self._sync(task_of(self.definitions, name), states)
            except StaleETag:
                continue
            return
        message = f"The schedules of task '{name}' are being changed by too many at once."
        raise Unavailable(message, retry_after=1)

    def settle(self, edit: Edit) -> None:
        """Bring a Task that was to be changed in line; keep the note while that may still come."""
        self.sync(edit.task)
        if self.clock() - edit.at >= WRITING:
            self.store.settle(edit)

    @contextmanager
    def following(self, *versions: Definition | None) -> Generator[None]:
        """Bring the schedules of a Task in line with the write that the block performs.

        Write-ahead: record the edit, write the definition, sync the schedules, forget the edit. If
        the process crashes in between, the next tick finds the edit and syncs the schedules.
        """
        tasks = [each for each in versions if isinstance(each, Task) and each.schedules]
        if not tasks:
            yield
            return
        edit = self.store.announce(tasks[0].name)
        try:
            yield
        except Refused:
            _best_effort(lambda: self.store.settle(edit), edit)
            raise

        def follow() -> None:
            self.sync(edit.task)
            self.store.settle(edit)

        _best_effort(follow, edit)

    def _sync(self, task: Task | None, states: dict[str, StoredSchedule]) -> None:
        if task is not None:
            for schedule in task.schedules:
                self._begin(task, schedule, states.pop(schedule.name, None))
        for gone in states.values():
            self.store.remove(gone)

    def _begin(self, task: Task, schedule: Schedule, former: StoredSchedule | None) -> None:
        state = None if former is None else former.state
        if state is not None and state.revision == revision_of(task, schedule):
            return
        self.store.put(begun(task, schedule, state, now=self.clock()), replacing=former)
        _log.info(
            "A schedule goes on from now.",
            extra={"action": "schedule_begun", "task": task.name, "schedule": schedule.name},
        )


def task_of(definitions: DefinitionSource, name: str) -> Task | None:
    """Return a Task as it is stored now, None where there is none."""
    stored = definitions.get(Kind.TASK, name)
    return stored.definition if stored and isinstance(stored.definition, Task) else None


def _best_effort(step: Callable[[], None], edit: Edit) -> None:
    """Do a step that the next tick repeats if it fails here."""
    try:
        step()
    except PolysyncError as error:
        _log.warning(
            "The schedules of a task could not follow its edit; the next tick repeats the sync.",
            extra={"action": "schedule_sync_pending", "task": edit.task, "error": str(error)},
        )
