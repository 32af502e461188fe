"""Keeping the states of schedules in line with the definitions of their Tasks.

That a Task is about to be changed is noted first, and forgotten when its schedules are in line. So
a crash in between leaves a note, by which the next tick does the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from polysync_core.application.ports import ScheduleStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.stored import DefinitionPage, DefinitionStore, Stored
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

    definitions: DefinitionStore
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


def task_of(definitions: DefinitionStore, name: str) -> Task | None:
    """Return a Task as it is stored now, None where there is none."""
    stored = definitions.get(Kind.TASK, name)
    return stored.definition if stored and isinstance(stored.definition, Task) else None


def _attempted(step: Callable[[], None], edit: Edit) -> None:
    """Do what the next tick does otherwise: the definition itself is written by now."""
    try:
        step()
    except PolysyncError as error:
        _log.warning(
            "The schedules of a task could not follow its change; the next tick sees to it.",
            extra={"action": "schedule_sync_pending", "task": edit.task, "error": str(error)},
        )


class ScheduledDefinitions:
    """Stored definitions whose schedules follow; a `DefinitionStore` like the one it is made of."""

    def __init__(
        self, definitions: DefinitionStore, schedules: ScheduleStore, sync: ScheduleSync
    ) -> None:
        self._definitions = definitions
        self._schedules = schedules
        self._sync = sync

    def put(
        self, definition: Definition, *, replacing: Stored[Definition] | None
    ) -> Stored[Definition]:
        """Write an announced definition, and bring its schedules in line."""
        former = None if replacing is None else replacing.definition
        edit = self._announced(definition, former)
        try:
            stored = self._definitions.put(definition, replacing=replacing)
        except Refused:
            self._withdraw(edit)
            raise
        self._follow(edit)
        return stored

    def delete(self, stored: Stored[Definition]) -> None:
        """Delete a definition, and its schedules with it."""
        edit = self._announced(stored.definition)
        try:
            self._definitions.delete(stored)
        except Refused:
            self._withdraw(edit)
            raise
        self._follow(edit)

    def _announced(self, *versions: Definition | None) -> Edit | None:
        tasks = [each for each in versions if isinstance(each, Task) and each.schedules]
        return self._schedules.announce(tasks[0].name) if tasks else None

    def _withdraw(self, edit: Edit | None) -> None:
        if edit is not None:
            _attempted(lambda: self._schedules.settle(edit), edit)

    def _follow(self, edit: Edit | None) -> None:
        if edit is None:
            return

        def follow() -> None:
            self._sync.sync(edit.task)
            self._schedules.settle(edit)

        _attempted(follow, edit)

    # What changes no schedule goes straight through.

    def get(self, kind: Kind, name: str) -> Stored[Definition] | None:
        """Return a definition by one point read."""
        return self._definitions.get(kind, name)

    def announce(self, definition: Definition) -> None:
        """Record what a definition is going to refer to."""
        self._definitions.announce(definition)

    def referrers(self, reference: Reference) -> Iterator[Stored[Definition]]:
        """Yield what refers to a definition."""
        return self._definitions.referrers(reference)

    def page(self, kind: Kind, *, limit: int, token: str | None = None) -> DefinitionPage:
        """Return definitions of a kind by name."""
        return self._definitions.page(kind, limit=limit, token=token)

    def all(self, kind: Kind) -> Iterator[Stored[Definition]]:
        """Yield every definition of a kind by name."""
        return self._definitions.all(kind)
