"""What is next to a Task in the graph, remembered for as long as definitions may be trusted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.stored import DefinitionStore, Stored
from polysync_core.domain.definitions.tasks import Task

TRUSTED_SECONDS = 15.0
"""How long another instance of the app may go by what it has read before an edit."""


@dataclass(frozen=True, slots=True)
class _Read[T]:
    names: T
    read_at: float


@dataclass(slots=True)
class _Memory[T]:
    """Names by the name of a Task."""

    read: Callable[[str], T]
    monotonic: Callable[[], float]
    known: dict[str, _Read[T]] = field(default_factory=dict[str, "_Read[T]"])
    edition: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, task: str) -> T:
        now, edition = self.monotonic(), self.edition
        known = self.known.get(task)
        if known is not None and now - known.read_at < TRUSTED_SECONDS:
            return known.names
        names = self.read(task)
        with self.lock:
            # What was read before an edit must not be remembered after it.
            if edition == self.edition:
                self.known[task] = _Read(names, now)
        return names

    def forget(self) -> None:
        with self.lock:
            self.edition += 1
            self.known.clear()


class TaskGraphCache:
    """The Tasks up and down stream of a Task, shared by all threads of the process.

    They are as they were at most `TRUSTED_SECONDS` ago; what this process changed is as it is.
    """

    def __init__(
        self, store: DefinitionStore, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._downstream = _Memory(self._read_downstream, monotonic)
        self._upstream = _Memory(self._read_upstream, monotonic)
        self._ancestors = _Memory(self._read_ancestors, monotonic)

    def downstream(self, task: str) -> tuple[str, ...]:
        """Return the Tasks that depend on a Task, by name."""
        return self._downstream.of(task)

    def descends(self, task: str, roots: frozenset[str]) -> bool:
        """Tell whether a Task is one of some roots or downstream of one."""
        return task in roots or not roots.isdisjoint(self._ancestors.of(task))

    def forget(self, changed: Iterable[Reference]) -> None:
        """Read the graph anew when it is needed next, if a Task is among what was written."""
        if any(reference.kind is Kind.TASK for reference in changed):
            for memory in (self._downstream, self._upstream, self._ancestors):
                memory.forget()

    def _read_downstream(self, task: str) -> tuple[str, ...]:
        found = self._store.referrers(Reference(Kind.TASK, task))
        return tuple(sorted(each.definition.name for each in found if _depends(each, task)))

    def _read_upstream(self, task: str) -> tuple[str, ...]:
        stored = self._store.get(Kind.TASK, task)
        if stored is None or not isinstance(stored.definition, Task):
            return ()
        return tuple(dependency.task for dependency in stored.definition.dependencies)

    def _read_ancestors(self, task: str) -> frozenset[str]:
        seen, pending = {task}, [task]
        while pending:
            fresh = [each for each in self._upstream.of(pending.pop()) if each not in seen]
            seen.update(fresh)
            pending += fresh
        return frozenset(seen)


def _depends(stored: Stored[Definition], task: str) -> bool:
    """Tell a dependent from what refers to the Task otherwise, as webhooks do."""
    definition = stored.definition
    return isinstance(definition, Task) and any(
        dependency.task == task for dependency in definition.dependencies
    )
