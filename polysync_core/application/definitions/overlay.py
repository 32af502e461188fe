"""All definitions as they will be: the stored ones with some changes on top."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference, reference_to
from polysync_core.domain.definitions.references import references_of
from polysync_core.domain.definitions.stored import DefinitionStore

_MOST_NAMES = 500
"""Of the stored names of a kind that are looked through for the one that was meant."""


class Overlay:
    """A `Catalogue` for one request; what it has read once it does not read again."""

    def __init__(
        self,
        store: DefinitionStore,
        changed: Iterable[Definition] = (),
        deleted: Iterable[Reference] = (),
    ) -> None:
        self._store = store
        self._changes: dict[Reference, Definition | None] = dict.fromkeys(deleted)
        self._changes |= {reference_to(each): each for each in changed}
        self._read: dict[Reference, Definition | None] = {}
        self._names: dict[Kind, set[str]] = {}
        self._changed_referrers: dict[Reference, list[Definition]] = {}
        for definition in self._changes.values():
            if definition is not None:
                self._note(definition)

    def find(self, kind: Kind, name: str) -> Definition | None:
        """Return a definition, at the cost of one point read at most."""
        reference = Reference(kind, name)
        if reference in self._changes:
            return self._changes[reference]
        if reference not in self._read:
            stored = self._store.get(kind, name)
            self._read[reference] = None if stored is None else stored.definition
        return self._read[reference]

    def names(self, kind: Kind) -> Iterable[str]:
        """Return names of a kind, for whoever has misspelt one; of very many, not all."""
        if kind not in self._names:
            stored = islice(self._store.all(kind), _MOST_NAMES)
            self._names[kind] = {each.definition.name for each in stored}
        changed = {each: kept for each, kept in self._changes.items() if each.kind is kind}
        gone = {each.name for each, kept in changed.items() if kept is None}
        return (self._names[kind] | {each.name for each in changed}) - gone

    def referrers(self, reference: Reference) -> Iterator[Definition]:
        """Yield what will refer to a definition."""
        yield from self._changed_referrers.get(reference, ())
        for stored in self._store.referrers(reference):
            if reference_to(stored.definition) not in self._changes:
                yield stored.definition

    def _note(self, definition: Definition) -> None:
        for reference in {each for _, each in references_of(definition)}:
            self._changed_referrers.setdefault(reference, []).append(definition)
