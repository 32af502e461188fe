"""Reads and writes rows of Azure Table Storage, with bounded retries and conditional writes.

- An insert, or a write with an ETag, carries a random fingerprint. If an answer is lost and the
  retry finds an existing or changed row, the fingerprint shows whether this process wrote it.
  Callers see `RowExists` and `StaleETag` only for writes of others. They see `Uncertain` only if
  storage stays unavailable during all retries.
- Reads and unconditional writes are simply retried; `Unavailable` follows after some seconds.
- The first write to a missing table creates it. Existing tables cost no extra call.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.data.tables import UpdateMode

from polysync_core.domain.errors import (
    Broken,
    NotFound,
    StaleETag,
    Unavailable,
    Uncertain,
)
from polysync_core.storage.azure.batches import Part, encode_batch
from polysync_core.storage.azure.clients import LeanTableClient, TableClients
from polysync_core.storage.azure.connection import StorageConnection
from polysync_core.storage.azure.entities import FINGERPRINT, condition, entity_of, row_of
from polysync_core.storage.azure.failures import (
    StorageUnavailable,
    TableMissing,
    failure_of,
    refusal_of,
)
from polysync_core.storage.azure.schema import SCHEMA_TABLE, SchemaCheck
from polysync_core.storage.rows import (
    MAX_OPERATIONS,
    Change,
    Operation,
    Row,
    RowExists,
    RowPage,
    RowRange,
    check_key,
    decode_token,
    encode_token,
    end_of_prefix,
    new_fingerprint,
)

_log = logging.getLogger(__name__)

_PAGE = 1000
_KEYS = ("PartitionKey", "RowKey")
_PAUSES = (0.1, 0.3, 1.0, 2.0)
"""Seconds between attempts; the last failure is raised."""
_LONGEST_PAUSE = 5.0
_READERS = 8
"""Rows that one process reads at the same time."""

type Sleep = Callable[[float], None]
type MapReads = Callable[[Callable[[Key], Row | None], Iterable[Key]], Iterable[Row | None]]
"""Reads many rows like `map`; the order of the answers is the order of the keys."""
type Key = tuple[str, str]


def _no_check() -> None:
    """Accept every schema version."""


class AzureTables:
    """The tables of one storage account. It is thread-safe."""

    def __init__(
        self,
        connection: StorageConnection,
        *,
        prefix: str = "Polysync",
        sleep: Sleep = time.sleep,
        map_reads: MapReads | None = None,
        schema_version: int | None = None,
    ) -> None:
        """With a schema version, the first call checks the version of the tables."""
        readers = ThreadPoolExecutor(_READERS, thread_name_prefix="table-reader")
        self._map_reads = map_reads or readers.map
        self._clients = TableClients(connection)
        self._prefix = prefix
        self._sleep = sleep
        self._require_schema = _no_check
        if schema_version is not None:
            schema = SchemaCheck(self._open(SCHEMA_TABLE, _no_check), version=schema_version)
            self._require_schema = schema.require

    def table(self, name: str) -> AzureTable:
        """Return a table by its name without prefix; it may not exist yet."""
        return self._open(name, self._require_schema)

    def _open(self, name: str, require_schema: Callable[[], None]) -> AzureTable:
        return AzureTable(
            self._clients.client(self._prefix + name),
            name,
            sleep=self._sleep,
            map_reads=self._map_reads,
            require_schema=require_schema,
        )

    def close(self) -> None:
        """Close the pooled connections."""
        self._clients.close()


class AzureTable:
    """One table, as rows with ETags."""

    def __init__(
        self,
        client: LeanTableClient,
        name: str,
        *,
        sleep: Sleep = time.sleep,
        map_reads: MapReads = map,
        require_schema: Callable[[], None] = _no_check,
    ) -> None:
        self.name = name
        self._map = map_reads
        # Any: the SDK leaves the keyword arguments of its methods untyped.
        self._opened: Any = client
        self._sleep = sleep
        self._require_schema = require_schema

    @property
    def _client(self) -> Any:
        """The client of the table, after the check of the schema version."""
        self._require_schema()
        return self._opened

    def get(self, partition: str, key: str) -> Row | None:
        """Return the row with these keys, or None."""
        try:
            entity = self._repeat(lambda: self._client.get_entity(partition, key))
        except NotFound:
            return None
        return row_of(entity)

    def get_many(self, keys: Iterable[tuple[str, str]]) -> Iterator[Row]:
        """Yield the existing rows with these keys, by parallel point reads."""
        found = self._map(lambda key: self.get(*key), keys)
        return (row for row in found if row is not None)

    def insert(self, row: Row) -> str:
        """Write a new row and return its ETag. Raises `RowExists` if the key exists."""
        return self._write_once(Operation(Change.INSERT, row))

    def replace(self, row: Row) -> str:
        """Replace an unchanged row. Raises `StaleETag` if it was changed or deleted."""
        return self._write_once(Operation(Change.REPLACE, row))

    def merge(self, row: Row) -> str:
        """Set some values of an unchanged row. Raises as `replace` does."""
        return self._write_once(Operation(Change.MERGE, row))

    def upsert(self, row: Row) -> str:
        """Insert or replace a row unconditionally, and return its ETag."""
        entity = entity_of(row, fingerprint=None)
        write = self._creating(
            lambda: self._client.upsert_entity(entity, mode=UpdateMode.REPLACE),
        )
        return str(self._repeat(write)["etag"])

    def delete(self, partition: str, key: str, *, etag: str | None = None) -> None:
        """Delete a row if it exists. Raises `StaleETag` if its ETag has changed."""
        row = Row(check_key(partition), check_key(key), {}, etag or "")
        options = condition(Operation(Change.DELETE, row))
        # A retry of a completed delete finds no row, which the SDK treats as success.
        self._repeat(lambda: self._client.delete_entity(row.partition, row.key, **options))

    def page(self, rows: RowRange, *, limit: int, token: str | None = None) -> RowPage:
        """Return up to `limit` rows; empty pages of the service are skipped."""
        found: list[Row] = []
        position = decode_token(self.name, rows, token)
        while True:
            part, position = self._page_once(rows, limit - len(found), position)
            found += part
            if position is None or len(found) >= limit:
                return RowPage(tuple(found), encode_token(self.name, rows, position))

    def rows(self, rows: RowRange) -> Iterator[Row]:
        """Yield every row of a range, page by page."""
        position: dict[str, str | None] | None = None
        while True:
            part, position = self._page_once(rows, _PAGE, position)
            yield from part
            if position is None:
                return

    def next_partition(self, after: str) -> str | None:
        """Return the first partition after a key, or None."""
        query, values = "PartitionKey gt @after", {"after": check_key(after)}
        position: dict[str, str | None] | None = None
        while True:
            part, position = self._query(query, values, 1, position)
            if part or position is None:
                return part[0].partition if part else None

    def partitions(self, prefix: str, *, limit: int) -> list[str]:
        """Return the first partitions whose keys begin with an ASCII prefix.

        Each partition must have one row only. The service sends keys and no values.
        """
        query = "PartitionKey ge @first and PartitionKey lt @end"
        values = {"first": check_key(prefix), "end": check_key(end_of_prefix(prefix))}
        return [row.partition for row in self._keys(query, values, limit)]

    def keys(self, rows: RowRange, *, limit: int) -> list[str]:
        """Return the first keys of a range; the service sends no values."""
        return [row.key for row in self._keys(*rows.filter(), limit)]

    def _keys(self, query: str, values: dict[str, str], limit: int) -> list[Row]:
        found: list[Row] = []
        position: dict[str, str | None] | None = None
        while True:
            size = limit - len(found)
            part, position = self._query(query, values, size, position, select=_KEYS)
            found += part
            if position is None or len(found) >= limit:
                return found

    def drop(self) -> None:
        """Delete the table with all its rows, if it exists."""
        self._repeat(self._client.delete_table)

    def transact(self, operations: Sequence[Operation]) -> list[str]:
        """Execute up to 100 operations on one partition atomically.

        Returns the ETags in order, empty for deletes. Raises as the single operations do, but a
        delete of a missing row is `StaleETag`, because the transaction is rolled back.
        """
        if not operations:
            return []
        if len(operations) > MAX_OPERATIONS:
            raise Broken(f"a transaction holds at most {MAX_OPERATIONS} operations")
        fingerprint = new_fingerprint()
        content_type, body = encode_batch(
            operations, table_url=self._client.table_url, fingerprint=fingerprint
        )
        write = self._creating(lambda: self._send_batch(content_type, body, len(operations)))
        return self._write_certainly(
            write, lambda: self._transaction_etags(operations, fingerprint)
        )

    def _write_once(self, operation: Operation) -> str:
        fingerprint = new_fingerprint()
        row = operation.row
        entity = entity_of(row, fingerprint=fingerprint)

        def send() -> dict[str, Any]:
            if operation.change is Change.INSERT:
                return self._client.create_entity(entity)
            return self._client.update_entity(entity, **condition(operation))

        write = self._creating(send) if operation.change is Change.INSERT else send
        answer = self._write_certainly(write, lambda: self._own_write(row, fingerprint))
        return str(answer["etag"])

    def _write_certainly[T](self, write: Callable[[], T], done: Callable[[], T | None]) -> T:
        """Retry a write until its outcome is certain: done once, or not done."""
        may_be_done = False
        for pause in (*_PAUSES, None):
            try:
                return _translated(write)
            except (RowExists, StaleETag, NotFound) as refusal:
                if may_be_done and (answer := _checked(done)) is not None:
                    return answer
                if isinstance(refusal, NotFound):
                    raise StaleETag from refusal
                raise
            except StorageUnavailable as failure:
                may_be_done = may_be_done or failure.unanswered
                if pause is None:
                    raise (Uncertain() if may_be_done else failure) from failure
                self._wait(pause, failure)
        raise AssertionError("unreachable")

    def _repeat[T](self, call: Callable[[], T]) -> T:
        """Retry an idempotent call."""
        for pause in _PAUSES:
            try:
                return _translated(call)
            except StorageUnavailable as failure:
                self._wait(pause, failure)
        return _translated(call)

    def _wait(self, pause: float, failure: StorageUnavailable) -> None:
        asked = max(pause, failure.retry_after or 0.0)
        _log.warning("Table storage did not answer.", extra={"action": "storage_call_retried"})
        self._sleep(min(asked, _LONGEST_PAUSE) * random.uniform(1, 1.25))  # noqa: S311 - jitter

    def _creating[T](self, write: Callable[[], T]) -> Callable[[], T]:
        """Return a write that creates the table first if it is missing."""

        def send() -> T:
            try:
                return _translated(write)
            except TableMissing:
                self._create_table()
                return _translated(write)

        return send

    def _create_table(self) -> None:
        try:
            self._client.create_table()
        except ResourceExistsError as error:
            # Another process was first. A table that is being deleted can be created later.
            failure = failure_of(error)
            if isinstance(failure, Unavailable):
                raise failure from error

    def _own_write(self, row: Row, fingerprint: str) -> dict[str, Any] | None:
        try:
            entity = self._repeat(lambda: self._client.get_entity(row.partition, row.key))
        except NotFound:
            return None
        return {"etag": entity.metadata["etag"]} if entity.get(FINGERPRINT) == fingerprint else None

    def _send_batch(self, content_type: str, body: bytes, count: int) -> list[str]:
        parts: list[Part] = self._client.send_batch(content_type, body)
        for part in parts:
            if part.status >= 400:
                raise refusal_of(part.status, part.error_code)
        if len(parts) != count:
            raise StorageUnavailable(unanswered=True)
        return [part.etag for part in parts]

    def _transaction_etags(
        self, operations: Sequence[Operation], fingerprint: str
    ) -> list[str] | None:
        """Return the ETags if the transaction was committed, which any of its rows proves."""
        first = next((o for o in operations if o.change is not Change.DELETE), None)
        if first is None:
            gone = self.get(operations[0].row.partition, operations[0].row.key) is None
            return [""] * len(operations) if gone else None
        if self._own_write(first.row, fingerprint) is None:
            return None
        found = (
            None if each.change is Change.DELETE else self._own_write(each.row, fingerprint)
            for each in operations
        )
        return ["" if each is None else each["etag"] for each in found]

    def _page_once(
        self, rows: RowRange, size: int, position: dict[str, str | None] | None
    ) -> tuple[list[Row], dict[str, str | None] | None]:
        return self._query(*rows.filter(), size, position)

    def _query(
        self,
        query: str,
        values: dict[str, str],
        size: int,
        position: dict[str, str | None] | None,
        *,
        select: Sequence[str] | None = None,
    ) -> tuple[list[Row], dict[str, str | None] | None]:
        def read() -> tuple[list[Row], dict[str, str | None] | None]:
            pages = self._client.query_entities(
                query, parameters=values, results_per_page=min(size, _PAGE), select=select
            ).by_page(position)
            part = [row_of(entity) for entity in next(pages, ())]
            return part, cast("dict[str, str | None] | None", pages.continuation_token)

        try:
            return self._repeat(read)
        except NotFound:
            return [], None


def _translated[T](call: Callable[[], T]) -> T:
    try:
        return call()
    except AzureError as error:
        raise failure_of(error) from error


def _checked[T](read: Callable[[], T | None]) -> T | None:
    try:
        return read()
    except Unavailable as failure:
        raise Uncertain from failure
