"""Stores former versions of definitions, with a bounded number of rows per definition.

A version is kept before the definition is replaced. A crash between the two writes leaves a copy of
the present version, which no list shows, and which the next write replaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from polysync_core.domain.definitions.changes.versions import (
    KEPT,
    Author,
    ChangeSource,
    FormerVersion,
    Version,
    VersionPage,
)
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.validation.stored_content import read_content
from polysync_core.domain.errors import Broken
from polysync_core.storage.operations.purging import More, delete_batch, delete_rows
from polysync_core.storage.row_text import join_text
from polysync_core.storage.rows import Row, RowRange, RowValue
from polysync_core.storage.tables import Tables

CONTENT = "content"
UPDATED = "updatedAt"
VERSION = "version"
AUTHOR = "savedBy"
SOURCE = "savedFrom"
_HIGHEST = 999_999_999
"""Keys are the difference to this number, so the newest version sorts first."""
_DELETED = "~deleted"
"""The partition that lists deleted definitions by the time of their deletion."""


class TableVersions:
    """Implements `VersionReader` on a table, and keeps versions."""

    def __init__(self, storage: Tables) -> None:
        self._table = storage.table("Versions")

    def next_number(self, reference: Reference) -> int:
        """Return the number of the first version of a new definition."""
        newest = self._table.keys(RowRange(_partition(reference)), limit=1)
        return _HIGHEST - int(newest[0]) + 1 if newest else 1

    def keep(self, reference: Reference, values: Mapping[str, RowValue]) -> None:
        """Keep the row of a definition as a former version, and drop the oldest one."""
        partition, number = _partition(reference), number_of(values)
        self._table.upsert(Row(partition, _key(number), values))
        if number > KEPT:
            self._table.delete(partition, _key(number - KEPT))

    def note_deleted(self, reference: Reference, *, at: datetime) -> None:
        """List a definition as deleted, so that its versions expire."""
        key = f"{at.isoformat()}~{_partition(reference)}"
        self._table.upsert(Row(_DELETED, key, {"definition": _partition(reference)}))

    def page(self, reference: Reference, *, limit: int, token: str | None = None) -> VersionPage:
        """Return the former versions of a definition, newest first."""
        found = self._table.page(RowRange(_partition(reference)), limit=limit, token=token)
        return VersionPage(items=[version_of(row.values) for row in found.rows], token=found.token)

    def get(self, reference: Reference, number: int) -> FormerVersion | None:
        """Return a former version by one point read."""
        if not 0 < number <= _HIGHEST:
            return None
        row = self._table.get(_partition(reference), _key(number))
        return None if row is None else _former(reference, row)

    def purge(self, before: datetime, more: More) -> int:
        """Delete the versions of definitions that were deleted before a time."""
        deleted = 0
        for row in self._table.rows(RowRange(_DELETED, stop=before.isoformat())):
            if not more():
                break
            partition, at = row.text("definition"), row.key.partition("~")[0]
            deleted += self._purge_definition(partition, at, more)
            delete_batch(self._table, [row])
        return deleted

    def _purge_definition(self, partition: str, deleted_at: str, more: More) -> int:
        """Delete the versions of a definition, unless it was saved again later."""
        newest = self._table.page(RowRange(partition), limit=1).rows
        if newest and newest[0].text(UPDATED) > deleted_at:
            return 0
        return delete_rows(self._table, RowRange(partition), more)


def number_of(values: Mapping[str, object]) -> int:
    """Return the number of the version in a row; rows of older releases have none."""
    number = values.get(VERSION, 1)
    if not isinstance(number, int):
        raise Broken("the stored row has no version number")
    return number


def author_of(values: Mapping[str, object]) -> Author | None:
    """Return who saved the version in a row."""
    name, source = values.get(AUTHOR), values.get(SOURCE)
    if not isinstance(name, str) or not name:
        return None
    return Author(name=name, source=ChangeSource(str(source)))


def author_values(author: Author | None) -> dict[str, RowValue]:
    """Return the values of a row that say who saved it."""
    if author is None:
        return {AUTHOR: "", SOURCE: ""}
    return {AUTHOR: author.name, SOURCE: author.source.value}


def version_of(values: Mapping[str, RowValue]) -> Version:
    """Return the version in a row, without its content."""
    return Version(
        number=number_of(values),
        saved_at=datetime.fromisoformat(str(values[UPDATED])),
        author=author_of(values),
    )


def _former(reference: Reference, row: Row) -> FormerVersion:
    content = read_content(reference.kind, reference.name, join_text(CONTENT, row.values))
    return FormerVersion(
        version=version_of(row.values), definition=content.definition, broken=content.broken
    )


def _partition(reference: Reference) -> str:
    return f"{reference.kind.value}:{reference.name}"


def _key(number: int) -> str:
    return f"{_HIGHEST - number:09}"
