"""Caches the upstream and downstream Tasks of each Task."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.stored import DefinitionSource, StoredDefinition
from polysync_core.domain.definitions.tasks import Take, Task
from polysync_core.domain.timed_cache import TimedCache


class TaskGraphCache:
    """Caches the Tasks upstream and downstream of a Task; safe for threads.

    An edit by another process is visible after at most `DEFINITION_TTL` seconds. An edit by this
    process is visible at once.
    """

    def __init__(
        self, store: DefinitionSource, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._dependents = TimedCache(self._read_dependents, monotonic=monotonic)
        self._past = TimedCache(self._read_past, monotonic=monotonic)
        self._upstream = TimedCache(self._read_upstream, monotonic=monotonic)
        self._ancestors = TimedCache(self._read_ancestors, monotonic=monotonic)

    def downstream(self, task: str) -> tuple[str, ...]:
        """Return the names of the Tasks that depend on a Task, in alphabetical order."""
        return tuple(name for name, _ in self._dependents.get(task))

    def window_dependents(self, task: str) -> tuple[str, ...]:
        """Return the names of the Tasks that take windows of a Task, in alphabetical order."""
        return tuple(name for name, takes_window in self._dependents.get(task) if takes_window)

    def depends_on_past(self, task: str) -> bool:
        """Return whether the runs of a Task depend on its earlier runs."""
        return self._past.get(task)

    def descends(self, task: str, roots: frozenset[str]) -> bool:
        """Return whether a Task is a root itself or is downstream of a root."""
        return task in roots or not roots.isdisjoint(self._ancestors.get(task))

    def descendant_count(self, task: str, *, most: int) -> int:
        """Return the number of Tasks downstream of a Task, up to one more than `most`."""
        found: set[str] = set()
        pending = [task]
        while pending and len(found) <= most:
            new = [each for each in self.downstream(pending.pop()) if each not in found]
            found.update(new)
            pending += new
        return min(len(found), most + 1)

    def invalidate(self, changed: Iterable[Reference]) -> None:
        """Drop the cached graph if one of the changed definitions is a Task."""
        if any(reference.kind is Kind.TASK for reference in changed):
            self._dependents.invalidate()
            self._past.invalidate()
            self._upstream.invalidate()
            self._ancestors.invalidate()

    def _read_dependents(self, task: str) -> tuple[tuple[str, bool], ...]:
        """Return each dependent of a Task, and whether it takes windows of the Task."""
        referrers = self._store.referrers(Reference(Kind.TASK, task))
        found = ((each.definition.name, _takes(each, task)) for each in referrers)
        return tuple(sorted((name, Take.WINDOW in takes) for name, takes in found if takes))

    def _read_past(self, task: str) -> bool:
        stored = self._store.get(Kind.TASK, task)
        definition = stored and stored.definition
        return isinstance(definition, Task) and definition.depends_on_past

    def _read_upstream(self, task: str) -> tuple[str, ...]:
        stored = self._store.get(Kind.TASK, task)
        if stored is None or not isinstance(stored.definition, Task):
            return ()
        return tuple(dependency.task for dependency in stored.definition.dependencies)

    def _read_ancestors(self, task: str) -> frozenset[str]:
        seen, pending = {task}, [task]
        while pending:
            unseen = [each for each in self._upstream.get(pending.pop()) if each not in seen]
            seen.update(unseen)
            pending += unseen
        return frozenset(seen)


def _takes(stored: StoredDefinition[Definition], task: str) -> set[Take]:
    """Return the outcomes that a referrer takes; empty if it is no dependent, as a webhook."""
    definition = stored.definition
    if not isinstance(definition, Task):
        return set()
    return {each.take for each in definition.dependencies if each.task == task}
