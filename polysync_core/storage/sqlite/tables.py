"""Reads and writes rows in SQLite, with the ETags and limits of Table Storage."""

from __future__ import annotations

import base64
import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import batched
from typing import Any, cast

from polysync_core.domain.errors import Broken, StaleETag
from polysync_core.storage.rows import (
    MAX_OPERATIONS,
    Change,
    Operation,
    Row,
    RowExists,
    RowPage,
    RowRange,
    RowValue,
    check_key,
    check_size,
    decode_token,
    encode_token,
    end_of_prefix,
)
from polysync_core.storage.sqlite.database import Database

_PAGE = 1000
_DELETE_AT_ONCE = 5000
"""Rows that one transaction of `drop` deletes, so that other writers need not wait long."""
_GET = "SELECT etag, doc FROM rows WHERE tbl=? AND pk=? AND rk=?"
_GET_AT_ONCE = 200
_GET_MANY = (
    "WITH wanted (pk, rk) AS (VALUES {wanted}) SELECT rows.pk, rows.rk, etag, doc FROM wanted "
    # The order of this join is fixed: each wanted key is one lookup in the index.
    "CROSS JOIN rows ON rows.tbl=? AND rows.pk=wanted.pk AND rows.rk=wanted.rk"
)
_INSERT = "INSERT INTO rows VALUES (?, ?, ?, ?, ?)"
_UPSERT = (
    "INSERT INTO rows VALUES (?, ?, ?, ?, ?) ON CONFLICT (tbl, pk, rk) "
    "DO UPDATE SET etag=excluded.etag, doc=excluded.doc"
)
_DELETE = "DELETE FROM rows WHERE tbl=? AND pk=? AND rk=?"
_DELETE_SOME = "DELETE FROM rows WHERE rowid IN (SELECT rowid FROM rows WHERE tbl=? LIMIT ?)"
_RANGE = "SELECT rk, etag, doc FROM rows WHERE tbl=? AND pk=? AND rk>=? ORDER BY rk LIMIT ?"
_BOUNDED_RANGE = (
    "SELECT rk, etag, doc FROM rows WHERE tbl=? AND pk=? AND rk>=? AND rk<? ORDER BY rk LIMIT ?"
)
_NEXT_PARTITION = "SELECT pk FROM rows WHERE tbl=? AND pk>? ORDER BY pk LIMIT 1"
_PARTITIONS = "SELECT DISTINCT pk FROM rows WHERE tbl=? AND pk>=? AND pk<? ORDER BY pk LIMIT ?"

type Key = tuple[str, str, str]


class SqliteTables:
    """The tables in one SQLite file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def table(self, name: str) -> SqliteTable:
        """Return a table by its name."""
        return SqliteTable(self._database, name)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class SqliteTable:
    """One table in a SQLite file; implements `Table`."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def get(self, partition: str, key: str) -> Row | None:
        """Return the row with these keys, or None."""
        found = self._database.read(_GET, self._key(partition, key))
        return Row(partition, key, _decoded(found[0][1]), str(found[0][0])) if found else None

    def get_many(self, keys: Iterable[tuple[str, str]]) -> Iterator[Row]:
        """Yield the existing rows with these keys, in the order of the keys."""
        for some in batched(keys, _GET_AT_ONCE, strict=False):
            wanted = ", ".join(["(?, ?)"] * len(some))
            values = [check_key(part) for key in some for part in key]
            query = _GET_MANY.format(wanted=wanted)
            found = self._database.read(query, (*values, self._name))
            by_key = {
                (partition, key): Row(partition, key, _decoded(doc), str(etag))
                for partition, key, etag, doc in found
            }
            yield from (by_key[key] for key in some if key in by_key)

    def insert(self, row: Row) -> str:
        """Write a new row and return its ETag. Raises `RowExists` if the key exists."""
        return self.transact([Operation(Change.INSERT, row)])[0]

    def replace(self, row: Row) -> str:
        """Replace an unchanged row. Raises `StaleETag` if it was changed or deleted."""
        return self.transact([Operation(Change.REPLACE, row)])[0]

    def merge(self, row: Row) -> str:
        """Set some values of an unchanged row. Raises as `replace` does."""
        return self.transact([Operation(Change.MERGE, row)])[0]

    def upsert(self, row: Row) -> str:
        """Insert or replace a row unconditionally, and return its ETag."""
        return self.replace(Row(row.partition, row.key, row.values))

    def delete(self, partition: str, key: str, *, etag: str | None = None) -> None:
        """Delete a row if it exists. Raises `StaleETag` if its ETag has changed."""
        with self._database.transaction() as connection:
            if etag is not None and self._etag(connection, partition, key) not in {None, etag}:
                raise StaleETag
            connection.execute(_DELETE, self._key(partition, key))

    def page(self, rows: RowRange, *, limit: int, token: str | None = None) -> RowPage:
        """Return up to `limit` rows of a range in key order."""
        position = decode_token(self._name, rows, token) or {}
        start = max(rows.start or "", position.get("RowKey") or "")
        values: tuple[Any, ...] = (self._name, rows.partition, start)
        query = _RANGE
        if rows.stop is not None:
            query, values = _BOUNDED_RANGE, (*values, rows.stop)
        found = self._database.read(query, (*values, limit + 1))
        page = tuple(
            Row(rows.partition, key, _decoded(doc), str(etag)) for key, etag, doc in found[:limit]
        )
        rest = (
            {"PartitionKey": rows.partition, "RowKey": found[limit][0]} if found[limit:] else None
        )
        return RowPage(page, encode_token(self._name, rows, rest))

    def rows(self, rows: RowRange) -> Iterator[Row]:
        """Yield every row of a range in key order."""
        token: str | None = None
        while True:
            page = self.page(rows, limit=_PAGE, token=token)
            yield from page.rows
            token = page.token
            if token is None:
                return

    def next_partition(self, after: str) -> str | None:
        """Return the first partition after a key, or None."""
        found = self._database.read(_NEXT_PARTITION, (self._name, check_key(after)))
        return found[0][0] if found else None

    def partitions(self, prefix: str, *, limit: int) -> list[str]:
        """Return the first partitions whose keys begin with an ASCII prefix."""
        end = check_key(end_of_prefix(prefix))
        found = self._database.read(_PARTITIONS, (self._name, check_key(prefix), end, limit))
        return [partition for (partition,) in found]

    def keys(self, rows: RowRange, *, limit: int) -> list[str]:
        """Return the first keys of a range."""
        return [row.key for row in self.page(rows, limit=limit).rows]

    def transact(self, operations: Sequence[Operation]) -> list[str]:
        """Execute up to 100 operations on one partition atomically."""
        if len(operations) > MAX_OPERATIONS:
            raise Broken(f"a transaction holds at most {MAX_OPERATIONS} operations")
        if len({each.row.partition for each in operations}) > 1:
            raise Broken("a transaction concerns one partition")
        if not operations:
            return []
        with self._database.transaction() as connection:
            return [self._execute(connection, each) for each in operations]

    def drop(self) -> None:
        """Delete all rows of the table."""
        deleted = 1
        while deleted:
            with self._database.transaction() as connection:
                values = (self._name, _DELETE_AT_ONCE)
                deleted = connection.execute(_DELETE_SOME, values).rowcount

    def _execute(self, connection: sqlite3.Connection, operation: Operation) -> str:
        row = operation.row
        key = self._key(row.partition, row.key)
        if operation.change is Change.INSERT:
            return self._insert(connection, key, row)
        stored = self._etag(connection, row.partition, row.key)
        is_missing = stored is None and (row.etag or operation.change is Change.DELETE)
        if is_missing or (row.etag and row.etag != stored):
            raise StaleETag
        if operation.change is Change.DELETE:
            connection.execute(_DELETE, key)
            return ""
        if operation.change is Change.MERGE and stored is not None:
            row = self._merged(connection, key, row)
        return self._put(connection, key, row)

    def _insert(self, connection: sqlite3.Connection, key: Key, row: Row) -> str:
        etag, doc = _new_version(row)
        try:
            connection.execute(_INSERT, (*key, etag, doc))
        except sqlite3.IntegrityError:
            raise RowExists from None
        return str(etag)

    def _put(self, connection: sqlite3.Connection, key: Key, row: Row) -> str:
        etag, doc = _new_version(row)
        connection.execute(_UPSERT, (*key, etag, doc))
        return str(etag)

    def _merged(self, connection: sqlite3.Connection, key: Key, row: Row) -> Row:
        _, doc = connection.execute(_GET, key).fetchone()
        return Row(row.partition, row.key, {**_decoded(doc), **row.values})

    def _etag(self, connection: sqlite3.Connection, partition: str, key: str) -> str | None:
        found = connection.execute(_GET, self._key(partition, key)).fetchone()
        return None if found is None else str(found[0])

    def _key(self, partition: str, key: str) -> Key:
        return self._name, check_key(partition), check_key(key)


def _new_version(row: Row) -> tuple[int, str]:
    """Return a new ETag and the encoded values of a row."""
    check_size(row)
    return secrets.randbits(62), _encoded(row.values)


def _encoded(values: Mapping[str, RowValue]) -> str:
    return json.dumps(dict(values), default=_tagged, allow_nan=False)


def _tagged(value: object) -> object:
    """Encode a value that JSON cannot express as an object with a tag."""
    match value:
        case datetime():
            return {"time": value.astimezone(UTC).isoformat()}
        case bytes():
            return {"bytes": base64.b64encode(value).decode()}
        case _:
            raise TypeError(f"a row cannot hold a value of type {type(value).__name__}")


def _decoded(doc: str) -> dict[str, RowValue]:
    values: dict[str, Any] = json.loads(doc)
    for name, value in values.items():
        if isinstance(value, dict):
            ((tag, text),) = cast("dict[str, str]", value).items()
            values[name] = datetime.fromisoformat(text) if tag == "time" else base64.b64decode(text)
    return values
