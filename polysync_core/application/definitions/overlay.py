"""Reads stored definitions as if the planned changes were already stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference, reference_to
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.validation.references import references_of

_MAX_NAMES = 500
"""The maximum number of stored names to read when a name is suggested."""


class Overlay:
    """The `Catalogue` of one request: every stored definition is read at most once."""

    def __init__(
        self,
        source: DefinitionSource,
        changed: Iterable[Definition] = (),
        deleted: Iterable[Reference] = (),
    ) -> None:
        self._source = source
        self._changes: dict[Reference, Definition | None] = dict.fromkeys(deleted)
        self._changes |= {reference_to(each): each for each in changed}
        self._read: dict[Reference, Definition | None] = {}
        self._names: dict[Kind, set[str]] = {}
        self._changed_referrers: dict[Reference, list[Definition]] = {}
        for definition in self._changes.values():
            if definition is not None:
                self._index(definition)

    def find(self, kind: Kind, name: str) -> Definition | None:
        """Return a definition, at the cost of at most one point read."""
        reference = Reference(kind, name)
        if reference in self._changes:
            return self._changes[reference]
        if reference not in self._read:
            stored = self._source.get(kind, name)
            self._read[reference] = None if stored is None else stored.definition
        return self._read[reference]

    def names(self, kind: Kind) -> Iterable[str]:
        """Return the names of a kind; of more than 500 stored names only the first 500."""
        if kind not in self._names:
            self._names[kind] = set(self._source.names(kind, limit=_MAX_NAMES))
        changes = {each: new for each, new in self._changes.items() if each.kind is kind}
        deleted = {each.name for each, new in changes.items() if new is None}
        return (self._names[kind] | {each.name for each in changes}) - deleted

    def referrers(self, reference: Reference) -> Iterator[Definition]:
        """Yield the definitions that will refer to a definition."""
        yield from self._changed_referrers.get(reference, ())
        for stored in self._source.referrers(reference):
            if reference_to(stored.definition) not in self._changes:
                yield stored.definition

    def readable_referrers(self, reference: Reference) -> Iterator[Definition]:
        """Yield the referrers that this version can read; a change cannot break the others."""
        yield from self._changed_referrers.get(reference, ())
        for stored in self._source.referrers(reference):
            if stored.broken is None and reference_to(stored.definition) not in self._changes:
                yield stored.definition

    def _index(self, definition: Definition) -> None:
        for reference in {each for _, each in references_of(definition)}:
            self._changed_referrers.setdefault(reference, []).append(definition)
