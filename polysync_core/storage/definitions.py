"""Definitions in Table Storage: a partition a kind, a row a definition, an index of references.

Deleting and referring must not miss each other. Who refers first records it, then looks whether
the other is there; who deletes first marks the row as going, then looks who refers to it. A marked
row is not there for others, and a record that has no definition yet counts for as long as its
writer may still be at work.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from polysync_core.domain.clock import Clock, utc_now
from polysync_core.domain.definitions.base import Definition, Kind, is_object_name
from polysync_core.domain.definitions.document import (
    Reference,
    encode_definition,
    kind_of,
    read_definition,
    reference_to,
)
from polysync_core.domain.definitions.references import references_of
from polysync_core.domain.definitions.stored import DefinitionPage, Stored
from polysync_core.domain.errors import Broken, Conflict, Invalid, Problem, StaleETag, Unavailable
from polysync_core.storage.azure.failures import RowExists
from polysync_core.storage.azure.row_text import join_text, split_text
from polysync_core.storage.azure.rows import Row, RowRange
from polysync_core.storage.azure.tables import TableStorage

_CONTENT = "content"
_UPDATED = "updatedAt"
_GOING = "goingSince"
_AT = "at"
_WRITER_SECONDS = 60
"""How long a write may take from its first row to its last; after it, what it left is void."""
_SHOWN = 10


class TableDefinitions:
    """The stored definitions; the domain's `DefinitionStore`."""

    def __init__(self, storage: TableStorage, *, clock: Clock = utc_now) -> None:
        self._rows = storage.table("Definitions")
        self._records = storage.table("References")
        self._clock = clock

    def get(self, kind: Kind, name: str) -> Stored[Definition] | None:
        """Return a definition by one point read."""
        if not is_object_name(name):
            return None
        row = self._rows.get(kind.value, name)
        return None if row is None or self._is_going(row) else _stored(kind, row)

    def index_references(self, definition: Definition) -> None:
        """Record what a definition is going to refer to."""
        now = self._clock().isoformat()
        referrer = _key(reference_to(definition))
        for reference in _referred(definition):
            self._records.upsert(Row(_key(reference), referrer, {_AT: now}))

    def put(
        self, definition: Definition, *, replacing: Stored[Definition] | None
    ) -> Stored[Definition]:
        """Write an announced definition over the one it replaces, or a new one over nothing."""
        now = self._clock()
        values = {**split_text(_CONTENT, encode_definition(definition)), _UPDATED: now.isoformat()}
        row = Row(kind_of(definition).value, definition.name, values)
        if replacing is None:
            etag = self._insert(row)
        else:
            dropped = _referred(replacing.definition) - _referred(definition)
            records = self._records_of(definition, dropped)
            etag = self._rows.replace(Row(row.partition, row.key, values, replacing.etag))
            self._drop(records)
        return Stored(definition=definition, etag=etag, updated_at=now)

    def delete(self, stored: Stored[Definition]) -> None:
        """Delete a definition that is as it was read and that nothing refers to."""
        reference = reference_to(stored.definition)
        partition, name = reference.kind.value, reference.name
        going = {_GOING: self._clock().isoformat()}
        marked = self._rows.merge(Row(partition, name, going, stored.etag))
        try:
            self._refuse_if_needed(reference)
        except BaseException:
            with suppress(StaleETag):
                self._rows.merge(Row(partition, name, {_GOING: ""}, marked))
            raise
        records = self._records_of(stored.definition, _referred(stored.definition))
        self._rows.delete(partition, name, etag=marked)
        self._drop(records)

    def referrers(self, reference: Reference) -> Iterator[Stored[Definition]]:
        """Yield what refers to a definition; records that nothing stands behind are removed."""
        for record in self._records.rows(RowRange(_key(reference))):
            found = self._referrer(reference, record)
            if found is not None:
                yield found
            elif not self._is_recent(record.text(_AT)):
                self._drop([record])

    def page(self, kind: Kind, *, limit: int, token: str | None = None) -> DefinitionPage:
        """Return definitions of a kind by name."""
        page = self._rows.page(RowRange(kind.value), limit=limit, token=token)
        items = [_stored(kind, row) for row in page.rows if not self._is_going(row)]
        return DefinitionPage(items=items, token=page.token)

    def all(self, kind: Kind) -> Iterator[Stored[Definition]]:
        """Yield every definition of a kind by name."""
        for row in self._rows.rows(RowRange(kind.value)):
            if not self._is_going(row):
                yield _stored(kind, row)

    def _insert(self, row: Row) -> str:
        try:
            return self._rows.insert(row)
        except RowExists as taken:
            before = self._rows.get(row.partition, row.key)
            if before is not None and self._is_going(before):
                raise Unavailable("It is being deleted at this moment.", retry_after=1) from taken
            raise StaleETag from taken

    def _refuse_if_needed(self, reference: Reference) -> None:
        problems: list[Problem] = []
        for record in self._records.rows(RowRange(_key(reference))):
            found = self._referrer(reference, record)
            if found is not None:
                problems.append(_in_use(record, "refers to it: change or delete that first"))
            elif self._is_recent(record.text(_AT)):
                problems.append(_in_use(record, "is being saved with a reference to it"))
            if len(problems) > _SHOWN:
                problems[_SHOWN:] = [Problem("", "and there are more")]
                break
        if problems:
            named = ", ".join(each.path or "and more" for each in problems)
            raise Conflict(f"{reference} is in use: {named}", problems)

    def _referrer(self, reference: Reference, record: Row) -> Stored[Definition] | None:
        """Return the definition that a record speaks of, if it refers to what is recorded."""
        who = _reference(record.key)
        found = self.get(who.kind, who.name)
        if found is None or reference not in _referred(found.definition):
            return None
        return found

    def _records_of(self, referrer: Definition, referred: Iterable[Reference]) -> list[Row]:
        """Read records so that they can be removed unless somebody writes them anew meanwhile."""
        key = _key(reference_to(referrer))
        found = (self._records.get(_key(reference), key) for reference in referred)
        return [record for record in found if record is not None]

    def _drop(self, records: Iterable[Row]) -> None:
        for record in records:
            with suppress(StaleETag):
                self._records.delete(record.partition, record.key, etag=record.etag)

    def _is_going(self, row: Row) -> bool:
        since = row.values.get(_GOING)
        return isinstance(since, str) and since != "" and self._is_recent(since)

    def _is_recent(self, at: str) -> bool:
        return self._clock() - datetime.fromisoformat(at) < timedelta(seconds=_WRITER_SECONDS)


def _stored(kind: Kind, row: Row) -> Stored[Definition]:
    content = join_text(_CONTENT, row.values)
    if content is None:
        raise Broken(f"the stored {Reference(kind, row.key)} has no content")
    try:
        definition = read_definition(kind, json.loads(content))
    except Invalid as error:
        # Rules that came with a later version of this code; the row itself is whole.
        raise Broken(f"the stored {Reference(kind, row.key)} breaks a rule: {error}") from error
    return Stored(
        definition=definition,
        etag=row.etag,
        updated_at=datetime.fromisoformat(row.text(_UPDATED)),
    )


def _referred(definition: Definition) -> set[Reference]:
    return {reference for _, reference in references_of(definition)}


def _key(reference: Reference) -> str:
    return f"{reference.kind.value}:{reference.name}"


def _reference(key: str) -> Reference:
    kind, _, name = key.partition(":")
    return Reference(Kind(kind), name)


def _in_use(record: Row, message: str) -> Problem:
    who = _reference(record.key)
    return Problem(f"{who.kind.value}/{who.name}", message)
