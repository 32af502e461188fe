"""Writes and deletes definitions, syncs schedules, clears caches and sends edited limits."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from polysync_core.application.definitions.overlay import Overlay
from polysync_core.application.definitions.policies import PolicyUpdates
from polysync_core.application.ports import Engine
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.changes.versions import Author
from polysync_core.domain.definitions.document import Reference, reference_to
from polysync_core.domain.definitions.stored import DefinitionStore, StoredDefinition
from polysync_core.domain.definitions.validation.checks import Checks, Rules
from polysync_core.domain.errors import Invalid, Refused


class ScheduleFollower(Protocol):
    """Syncs the states of schedules with the definitions of their Tasks."""

    def following(self, *versions: Definition | None) -> AbstractContextManager[None]:
        """Return a context in which a definition is written; `versions` are the old and the new."""
        ...


class DefinitionCache(Protocol):
    """Keeps facts of definitions in the memory of this process."""

    def invalidate(self, changed: Iterable[Reference]) -> None:
        """Drop the cached facts of the changed definitions."""
        ...


class DefinitionWriter:
    """The only writer of definitions; each write performs its consequences.

    Schedules follow their Task, the caches of this process drop their copies, and the Dispatchers
    receive the edited limits. No other class holds a writable store, so no caller can forget a
    consequence.
    """

    def __init__(
        self,
        store: DefinitionStore,
        *,
        schedules: ScheduleFollower,
        caches: Sequence[DefinitionCache],
        policy_updates: PolicyUpdates,
    ) -> None:
        self._store = store
        self._schedules = schedules
        self._caches = caches
        self._policy_updates = policy_updates

    @contextmanager
    def edit(
        self, engine: Engine | None, author: Author | None = None
    ) -> Generator[DefinitionEdit]:
        """Open an edit by an author.

        At its end, the edited limits are sent, even after an error. Without an engine the
        Dispatchers receive the limits from the next pass of the reconciler.
        """
        edit = DefinitionEdit(self._store, self._schedules, self._caches, author)
        try:
            yield edit
        finally:
            self._policy_updates.publish(edit.changed, engine)


class DefinitionEdit:
    """Writes, restores and deletes definitions within one use case."""

    def __init__(
        self,
        store: DefinitionStore,
        schedules: ScheduleFollower,
        caches: Sequence[DefinitionCache],
        author: Author | None,
    ) -> None:
        self._store = store
        self._schedules = schedules
        self._caches = caches
        self._author = author
        self.changed: dict[Reference, None] = {}
        """The definitions that have been written, or may have been written."""

    def put(
        self, definition: Definition, *, replacing: StoredDefinition[Definition] | None
    ) -> StoredDefinition[Definition]:
        """Write a checked definition, so that none of its references can vanish meanwhile."""
        self._store.index_references(definition)
        dangling = list(Checks(Overlay(self._store, [definition]), Rules()).dangling(definition))
        if dangling:
            raise Invalid(dangling)
        return self._put(definition, replacing)

    def restore(
        self, before: StoredDefinition[Definition], *, replacing: StoredDefinition[Definition]
    ) -> StoredDefinition[Definition]:
        """Undo a write: put an earlier version back, even if its references have vanished."""
        self._store.index_references(before.definition)
        return self._put(before.definition, replacing)

    def delete(self, stored: StoredDefinition[Definition]) -> None:
        """Delete a definition that no other definition refers to."""
        with self._consequences(stored.definition):
            self._store.delete(stored)

    def _put(
        self, definition: Definition, replacing: StoredDefinition[Definition] | None
    ) -> StoredDefinition[Definition]:
        before = None if replacing is None else replacing.definition
        with self._consequences(definition, before):
            return self._store.put(definition, replacing=replacing, author=self._author)

    @contextmanager
    def _consequences(
        self, definition: Definition, before: Definition | None = None
    ) -> Generator[None]:
        """Perform the consequences of a write, also if its outcome is uncertain."""
        refused = False
        try:
            with self._schedules.following(definition, before):
                yield
        except Refused:
            refused = True
            raise
        finally:
            if not refused:
                reference = reference_to(definition)
                self.changed[reference] = None
                for cache in self._caches:
                    cache.invalidate([reference])
