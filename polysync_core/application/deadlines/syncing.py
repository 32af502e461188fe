"""Updates the stored deadline state of a Task after an edit of the Task."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.application.ports import DeadlineStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.conflicts import retry_on_conflict
from polysync_core.domain.deadlines.state import is_watched, revision_of, synced
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineSync:
    """Starts, moves and ends the deadlines of a Task after an edit."""

    definitions: DefinitionSource
    store: DeadlineStore
    clock: Clock

    def sync(self, name: str) -> None:
        """Let the state of a Task's deadlines follow its definition.

        The state is read before the definition, so a slow writer never overwrites a newer state.
        """
        busy = f"Too many writers change the deadlines of task '{name}' at once: try again."
        retry_on_conflict(lambda: self._sync_once(name), exhausted=Unavailable(busy, retry_after=1))

    def _sync_once(self, name: str) -> None:
        former = self.store.get(name)
        stored = self.definitions.get(Kind.TASK, name)
        if stored is not None and stored.broken is not None:
            # The deadlines stay as they are until the definition is repaired.
            return
        task = stored.definition if stored is not None else None
        if not isinstance(task, Task) or not is_watched(task):
            if former is not None:
                self.store.remove(former)
            return
        if former is not None and (former.state.born, former.state.revision) == (
            task.row.born,
            revision_of(task),
        ):
            return
        state = synced(task, None if former is None else former.state, now=self.clock())
        self.store.put(state, replacing=former)
