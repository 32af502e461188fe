"""Counts the Table Storage operations that the app would execute in Azure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from polysync_core.storage.rows import Operation, Row, RowPage, RowRange
from polysync_core.storage.sqlite.database import Database
from polysync_core.storage.tables import Table, Tables

_PAGE = 1000


@contextmanager
def empty_database() -> Iterator[Database]:
    """Yield the database of a new file, which is deleted afterwards."""
    with TemporaryDirectory(prefix="polysync-bench-") as name:
        database = Database(Path(name) / "polysync.db")
        try:
            yield database
        finally:
            database.close()


class CountingTables:
    """Tables that count their operations and the rows of lists; implements `Tables`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.counts: Counter[str] = Counter()

    def table(self, name: str) -> CountingTable:
        """Return a table by its name."""
        return CountingTable(self._tables.table(name), self.counts)

    def close(self) -> None:
        """Close the tables."""
        self._tables.close()


class CountingTable:
    """One table that counts; a transaction and a page are one operation each."""

    def __init__(self, table: Table, counts: Counter[str]) -> None:
        self._table = table
        self._counts = counts

    def get(self, partition: str, key: str) -> Row | None:
        """Return the row with these keys, or None."""
        self._count()
        return self._table.get(partition, key)

    def get_many(self, keys: Iterable[tuple[str, str]]) -> Iterator[Row]:
        """Yield the existing rows with these keys; in Azure, each is one operation."""
        wanted = list(keys)
        for _ in wanted:
            self._count()
        return self._table.get_many(wanted)

    def insert(self, row: Row) -> str:
        """Write a new row."""
        self._count()
        return self._table.insert(row)

    def replace(self, row: Row) -> str:
        """Replace an unchanged row."""
        self._count()
        return self._table.replace(row)

    def merge(self, row: Row) -> str:
        """Set some values of an unchanged row."""
        self._count()
        return self._table.merge(row)

    def upsert(self, row: Row) -> str:
        """Insert or replace a row."""
        self._count()
        return self._table.upsert(row)

    def delete(self, partition: str, key: str, *, etag: str | None = None) -> None:
        """Delete a row."""
        self._count()
        self._table.delete(partition, key, etag=etag)

    def page(self, rows: RowRange, *, limit: int, token: str | None = None) -> RowPage:
        """Return a page of a range."""
        page = self._table.page(rows, limit=limit, token=token)
        self._count(len(page.rows))
        return page

    def rows(self, rows: RowRange) -> Iterator[Row]:
        """Yield every row of a range, in pages as Table Storage sends them."""
        token: str | None = None
        while True:
            page = self.page(rows, limit=_PAGE, token=token)
            yield from page.rows
            if (token := page.token) is None:
                return

    def next_partition(self, after: str) -> str | None:
        """Return the first partition after a key."""
        self._count()
        return self._table.next_partition(after)

    def partitions(self, prefix: str, *, limit: int) -> list[str]:
        """Return the first partitions with a prefix."""
        self._count()
        return self._table.partitions(prefix, limit=limit)

    def keys(self, rows: RowRange, *, limit: int) -> list[str]:
        """Return the first keys of a range."""
        self._count()
        return self._table.keys(rows, limit=limit)

    def transact(self, operations: Sequence[Operation]) -> list[str]:
        """Execute a transaction."""
        self._count()
        return self._table.transact(operations)

    def drop(self) -> None:
        """Delete the table."""
        self._count()
        self._table.drop()

    def _count(self, rows: int = 0) -> None:
        self._counts.update(operations=1, rows=rows)
