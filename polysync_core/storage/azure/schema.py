"""Refuses storage tables whose schema version is newer than the running release."""

from __future__ import annotations

from typing import Protocol

from polysync_core.domain.errors import StaleETag, Unavailable
from polysync_core.storage.rows import Row, RowExists

SCHEMA_VERSION = 1
"""The version of the stored rows. Only a change that former versions cannot read increases it."""
SCHEMA_TABLE = "Schema"

_PARTITION = _KEY = "schema"
_VERSION = "version"
_RETRY_SECONDS = 60.0


class SchemaTable(Protocol):
    """The table that holds the schema version."""

    def get(self, partition: str, key: str) -> Row | None: ...
    def insert(self, row: Row) -> str: ...
    def replace(self, row: Row) -> str: ...


class SchemaCheck:
    """Compares the stored schema version with this one, once for each process."""

    def __init__(self, table: SchemaTable, *, version: int = SCHEMA_VERSION) -> None:
        self._table = table
        self._version = version
        self._passed = False

    def require(self) -> None:
        """Return if this version can read the tables; an empty store gets this version.

        Raises:
            Unavailable: a newer version wrote the tables, or storage does not answer.
        """
        # Without a lock: threads that compare at the same time come to the same result.
        if not self._passed:
            self._compare(self._table)
            self._passed = True

    def _compare(self, table: SchemaTable) -> None:
        stored = table.get(_PARTITION, _KEY)
        if stored is None:
            try:
                table.insert(Row(_PARTITION, _KEY, {_VERSION: self._version}))
            except RowExists:
                self._compare(table)
            return
        found = stored.values[_VERSION]
        if not isinstance(found, int) or found > self._version:
            raise Unavailable(
                f"The tables have schema version {found}, and this version of Polysync reads up "
                f"to {self._version}: deploy the version that wrote the tables.",
                retry_after=_RETRY_SECONDS,
            )
        if found < self._version:
            self._raise_version(table, stored)

    def _raise_version(self, table: SchemaTable, stored: Row) -> None:
        """Write this version, so that a former version no longer starts."""
        try:
            table.replace(Row(_PARTITION, _KEY, {_VERSION: self._version}, stored.etag))
        except StaleETag:
            self._compare(table)
