"""Stores definitions in a table, with an index of references between definitions.

A Task with arrivals also has records under the sources of its events, which work the same way.

A delete of a definition and a new reference to this definition may happen at the same time. One of
the two writers must then see the other. A writer first records its references, then checks that the
targets exist. A delete first marks the row, then checks for referrers. Readers do not see a marked
row. A record without its definition counts until its writer must have finished.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from polysync_core.domain.arrivals.matching import source_bucket, source_buckets
from polysync_core.domain.clock import Clock, utc_now
from polysync_core.domain.definitions.base import Definition, Kind, RowFacts, is_object_name
from polysync_core.domain.definitions.changes.versions import Applied, Author, ChangeSource
from polysync_core.domain.definitions.document import (
    Reference,
    encode_definition,
    kind_of,
    reference_to,
)
from polysync_core.domain.definitions.stored import DefinitionPage, StoredDefinition
from polysync_core.domain.definitions.task_links import TaskLinks, links_of
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.validation.references import references_of
from polysync_core.domain.definitions.validation.stored_content import read_content
from polysync_core.domain.errors import Conflict, Problem, StaleETag, Unavailable
from polysync_core.domain.sized_cache import SizedCache
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import (
    Row,
    RowExists,
    RowRange,
    RowValue,
    end_of_prefix,
    hashed_key,
)
from polysync_core.storage.tables import Tables
from polysync_core.storage.versions import (
    CONTENT,
    UPDATED,
    VERSION,
    TableVersions,
    author_of,
    author_values,
    number_of,
)

_log = logging.getLogger(__name__)

_BORN = "born"
_APPLIED = "appliedAt"
_APPLIED_BY = "appliedBy"
_BUNDLE = "bundle"
_DELETING = "deletingSince"
_AT = "at"
_SOURCES = "sources:"
_MAX_WRITE_SECONDS = 60
"""The maximum duration of a write or delete; older marks and records without effect are stale."""
_MAX_SHOWN = 10
_MAX_DECODED_SIZE = 2 * 1024 * 1024
"""The total length of the decoded definitions that a process keeps."""


class TableDefinitions:
    """Implements `DefinitionStore` on tables."""

    def __init__(self, storage: Tables, *, clock: Clock = utc_now) -> None:
        self._rows = storage.table("Definitions")
        self._records = storage.table("References")
        self._versions = TableVersions(storage)
        self._clock = clock
        self._decoded = SizedCache[Reference, StoredDefinition[Definition]](_MAX_DECODED_SIZE)

    def get(self, kind: Kind, name: str) -> StoredDefinition[Definition] | None:
        """Return a definition by one point read."""
        if not is_object_name(name):
            return None
        row = self._rows.get(kind.value, name)
        return None if row is None or self._is_being_deleted(row) else self._decode(kind, row)

    def _decode(self, kind: Kind, row: Row) -> StoredDefinition[Definition]:
        """Return the definition of a row; a row with an unchanged ETag is not decoded again."""
        reference = Reference(kind, row.key)
        known = self._decoded.get(reference)
        if known is not None and known.etag == row.etag:
            return known
        stored, size = _stored(kind, row), len(join_text(CONTENT, row.values) or "")
        self._decoded.put(reference, stored, size=size)
        return stored

    def index_references(self, definition: Definition) -> None:
        """Record the references of a definition before the definition is written."""
        now = self._clock().isoformat()
        referrer = _key(reference_to(definition))
        for target in _record_partitions(definition):
            self._records.upsert(Row(target, referrer, {_AT: now}))

    def put(
        self,
        definition: Definition,
        *,
        replacing: StoredDefinition[Definition] | None,
        author: Author | None = None,
    ) -> StoredDefinition[Definition]:
        """Create a definition or replace one; its references must be indexed."""
        stored = self._next(definition, replacing, author)
        row = Row(kind_of(definition).value, definition.name, _values(stored))
        if replacing is None:
            return replace(stored, etag=self._insert(row))
        dropped = _record_partitions(replacing.definition) - _record_partitions(definition)
        records = self._records_of(definition, dropped)
        self._versions.keep(reference_to(definition), _values(replacing))
        etag = self._rows.replace(Row(row.partition, row.key, row.values, replacing.etag))
        self._drop(records)
        return replace(stored, etag=etag)

    def _next(
        self,
        definition: Definition,
        replacing: StoredDefinition[Definition] | None,
        author: Author | None,
    ) -> StoredDefinition[Definition]:
        """Return the version that a write stores, without its ETag."""
        now = self._clock()
        applied = None if replacing is None else replacing.applied
        if author is not None and author.source is ChangeSource.DOCUMENT:
            owner = None if applied is None else applied.bundle
            applied = Applied(at=now, by=author.name, bundle=author.bundle or owner)
        number = (
            self._versions.next_number(reference_to(definition))
            if replacing is None
            else replacing.version + 1
        )
        born = number if replacing is None else replacing.definition.row.born
        return StoredDefinition(
            definition=definition.with_row(RowFacts(born=born)),
            etag="",
            updated_at=now,
            version=number,
            author=author,
            applied=applied,
        )

    def delete(self, stored: StoredDefinition[Definition]) -> None:
        """Delete a definition that is unchanged and has no referrers."""
        reference = reference_to(stored.definition)
        partition, name = reference.kind.value, reference.name
        mark = {_DELETING: self._clock().isoformat()}
        marked = self._rows.merge(Row(partition, name, mark, stored.etag))
        try:
            self._refuse_if_referred_to(reference)
        except BaseException:
            with suppress(StaleETag):
                self._rows.merge(Row(partition, name, {_DELETING: ""}, marked))
            raise
        records = self._records_of(stored.definition, _record_partitions(stored.definition))
        self._versions.keep(reference, _values(stored))
        self._versions.note_deleted(reference, at=self._clock())
        self._rows.delete(partition, name, etag=marked)
        self._drop(records)

    def referrers(
        self, reference: Reference, *, kind: Kind | None = None, after: str | None = None
    ) -> Iterator[StoredDefinition[Definition]]:
        """Yield the referrers of a definition, and remove stale records."""
        for record in self._records.rows(_referrers_of(reference, kind, after)):
            if after is not None and _reference(record.key).name == after:
                continue
            found = self._referrer(record)
            if found is not None:
                yield found
            elif not self._is_recent(record.text(_AT)):
                self._drop([record])

    def listeners(self, source: str) -> Iterator[StoredDefinition[Definition]]:
        """Yield the Tasks whose arrivals may accept the events of a source.

        The cost depends on their number: one range read for those of the source, one for those
        without a known source, and a point read for each Task.
        """
        seen: set[str] = set()
        for partition in (_sources_key(source_bucket(source)), _sources_key(None)):
            for record in self._records.rows(RowRange(partition)):
                found = self._referrer(record)
                if found is None and not self._is_recent(record.text(_AT)):
                    self._drop([record])
                if found is not None and record.key not in seen:
                    seen.add(record.key)
                    yield found

    def count_referrers(self, reference: Reference, kind: Kind, *, limit: int) -> int:
        """Return the number of records of one kind; a stale record counts, too."""
        return len(self._records.keys(_referrers_of(reference, kind), limit=limit))

    def names(self, kind: Kind, *, limit: int) -> list[str]:
        """Return the first names of a kind, by one range read of keys."""
        return self._rows.keys(RowRange(kind.value), limit=limit)

    def page(self, kind: Kind, *, limit: int, token: str | None = None) -> DefinitionPage:
        """Return definitions of a kind by name."""
        page = self._rows.page(RowRange(kind.value), limit=limit, token=token)
        items = [_stored(kind, row) for row in page.rows if not self._is_being_deleted(row)]
        return DefinitionPage(items=items, token=page.token)

    def all(
        self, kind: Kind, *, after: str | None = None
    ) -> Iterator[StoredDefinition[Definition]]:
        """Yield every definition of a kind by name, or those behind a name."""
        for row in self._rows.rows(RowRange(kind.value, after)):
            if row.key != after and not self._is_being_deleted(row):
                yield _stored(kind, row)

    def task_links(self) -> Iterator[TaskLinks]:
        """Yield the links of every Task by name, without reading complete definitions."""
        for row in self._rows.rows(RowRange(Kind.TASK.value)):
            if not self._is_being_deleted(row):
                yield links_of(row.key, join_text(CONTENT, row.values))

    def _insert(self, row: Row) -> str:
        try:
            return self._rows.insert(row)
        except RowExists as taken:
            before = self._rows.get(row.partition, row.key)
            if before is not None and self._is_being_deleted(before):
                raise Unavailable(
                    "The definition is being deleted: try again.", retry_after=1
                ) from taken
            raise StaleETag from taken

    def _refuse_if_referred_to(self, reference: Reference) -> None:
        problems: list[Problem] = []
        for record in self._records.rows(RowRange(_key(reference))):
            found = self._referrer(record)
            if found is not None:
                problems.append(
                    _in_use(record, "refers to it: change or delete this definition first")
                )
            elif self._is_recent(record.text(_AT)):
                problems.append(_in_use(record, "is being saved with a reference to it"))
            if len(problems) > _MAX_SHOWN:
                problems[_MAX_SHOWN:] = [Problem("", "and there are more")]
                break
        if problems:
            named = ", ".join(each.path or "and more" for each in problems)
            raise Conflict(f"{reference} is in use: {named}", problems)

    def _referrer(self, record: Row) -> StoredDefinition[Definition] | None:
        """Return the referrer of a record, if it still has the recorded reference or source."""
        referrer = _reference(record.key)
        found = self.get(referrer.kind, referrer.name)
        if found is None:
            return None
        # A broken referrer may have a placeholder in place of its reference, so its record counts.
        is_broken = found.broken is not None
        return (
            found if is_broken or record.partition in _record_partitions(found.definition) else None
        )

    def _records_of(self, referrer: Definition, targets: Iterable[str]) -> list[Row]:
        """Return records with the ETags that a later removal must match."""
        key = _key(reference_to(referrer))
        found = (self._records.get(target, key) for target in targets)
        return [record for record in found if record is not None]

    def _drop(self, records: Iterable[Row]) -> None:
        for record in records:
            with suppress(StaleETag):
                self._records.delete(record.partition, record.key, etag=record.etag)

    def _is_being_deleted(self, row: Row) -> bool:
        since = row.values.get(_DELETING)
        return isinstance(since, str) and since != "" and self._is_recent(since)

    def _is_recent(self, at: str) -> bool:
        return self._clock() - datetime.fromisoformat(at) < timedelta(seconds=_MAX_WRITE_SECONDS)


def _stored(kind: Kind, row: Row) -> StoredDefinition[Definition]:
    content = read_content(kind, row.key, join_text(CONTENT, row.values))
    if content.broken is not None:
        facts = {"kind": kind.value, "definition": row.key, "error": content.broken.reason}
        _log.error(
            "A stored definition breaks a rule of this version: replace it or delete it.",
            extra={"action": "definition_broken", **facts},
        )
    facts = replace(content.definition.row, born=_born(row))
    return StoredDefinition(
        definition=content.definition.with_row(facts),
        etag=row.etag,
        updated_at=datetime.fromisoformat(row.text(UPDATED)),
        version=number_of(row.values),
        author=author_of(row.values),
        applied=_applied(row),
        broken=content.broken,
    )


def _born(row: Row) -> int:
    born = row.values.get(_BORN, 1)
    return born if isinstance(born, int) else 1


def _applied(row: Row) -> Applied | None:
    at, by = row.values.get(_APPLIED), row.values.get(_APPLIED_BY)
    if not at:
        return None
    bundle = row.values.get(_BUNDLE) or None
    return Applied(
        at=datetime.fromisoformat(str(at)),
        by=str(by),
        bundle=None if bundle is None else str(bundle),
    )


def _values(stored: StoredDefinition[Definition]) -> dict[str, RowValue]:
    """Return the values of the row of a definition."""
    applied = stored.applied
    return {
        **split_text(CONTENT, _content(stored)),
        **author_values(stored.author),
        UPDATED: stored.updated_at.isoformat(),
        VERSION: stored.version,
        _BORN: stored.definition.row.born,
        _APPLIED: "" if applied is None else applied.at.isoformat(),
        _APPLIED_BY: "" if applied is None else applied.by,
        _BUNDLE: stored.bundle or "",
    }


def _content(stored: StoredDefinition[Definition]) -> str:
    if stored.broken is not None:
        return json.dumps(stored.broken.content, ensure_ascii=False)
    return encode_definition(stored.definition)


def _record_partitions(definition: Definition) -> set[str]:
    """Return the partitions of the records of a definition: its targets and its sources."""
    targets = {_key(reference) for _, reference in references_of(definition)}
    arrivals = definition.arrivals if isinstance(definition, Task) else ()
    return targets | {
        _sources_key(each) for arrival in arrivals for each in source_buckets(arrival)
    }


def _sources_key(bucket: str | None) -> str:
    """Return the partition of the Tasks that wait for a source; None means any source."""
    return f"{_SOURCES}{'' if bucket is None else hashed_key(bucket)}"


def _referrers_of(reference: Reference, kind: Kind | None, after: str | None = None) -> RowRange:
    """Return the records of a definition, from the name `after` on."""
    if kind is None:
        return RowRange(_key(reference))
    prefix = f"{kind.value}:"
    return RowRange(_key(reference), f"{prefix}{after or ''}", end_of_prefix(prefix))


def _key(reference: Reference) -> str:
    return f"{reference.kind.value}:{reference.name}"


def _reference(key: str) -> Reference:
    kind, _, name = key.partition(":")
    return Reference(Kind(kind), name)


def _in_use(record: Row, message: str) -> Problem:
    referrer = _reference(record.key)
    return Problem(f"{referrer.kind.value}/{referrer.name}", message)
