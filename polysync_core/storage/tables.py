"""Defines the interface of tables, which Azure Table Storage and SQLite implement.

A partition is the unit of a transaction and of a range read; a write with an ETag is a
compare-and-set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from polysync_core.storage.rows import Operation, Row, RowPage, RowRange


class Table(Protocol):
    """One table, as rows with ETags.

    Every call raises `Unavailable` if the storage does not answer. A write raises `Uncertain` if
    the storage may have executed it.
    """

    def get(self, partition: str, key: str) -> Row | None:
        """Return the row with these keys, or None."""
        ...

    def get_many(self, keys: Iterable[tuple[str, str]]) -> Iterator[Row]:
        """Yield the existing rows with these partitions and keys, in the order of the keys."""
        ...

    def insert(self, row: Row) -> str:
        """Write a new row and return its ETag. Raises `RowExists` if the key exists."""
        ...

    def replace(self, row: Row) -> str:
        """Replace an unchanged row. Raises `StaleETag` if it was changed or deleted."""
        ...

    def merge(self, row: Row) -> str:
        """Set some values of an unchanged row. Raises as `replace` does."""
        ...

    def upsert(self, row: Row) -> str:
        """Insert or replace a row unconditionally, and return its ETag."""
        ...

    def delete(self, partition: str, key: str, *, etag: str | None = None) -> None:
        """Delete a row if it exists. Raises `StaleETag` if its ETag has changed."""
        ...

    def page(self, rows: RowRange, *, limit: int, token: str | None = None) -> RowPage:
        """Return up to `limit` rows of a range in key order."""
        ...

    def rows(self, rows: RowRange) -> Iterator[Row]:
        """Yield every row of a range in key order."""
        ...

    def next_partition(self, after: str) -> str | None:
        """Return the first partition after a key, or None."""
        ...

    def partitions(self, prefix: str, *, limit: int) -> list[str]:
        """Return the first partitions whose keys begin with an ASCII prefix.

        Each partition must have one row only. The storage sends keys and no values.
        """
        ...

    def keys(self, rows: RowRange, *, limit: int) -> list[str]:
        """Return the first keys of a range; the storage sends no values."""
        ...

    def transact(self, operations: Sequence[Operation]) -> list[str]:
        """Execute up to 100 operations on one partition atomically.

        Returns the ETags in order, empty for deletes. Raises as the single operations do, but a
        delete of a missing row is `StaleETag`, because the transaction is rolled back.
        """
        ...

    def drop(self) -> None:
        """Delete the table with all its rows, if it exists."""
        ...


class Tables(Protocol):
    """The tables of one storage. They are safe for threads."""

    def table(self, name: str) -> Table:
        """Return a table by its name without prefix; it may not exist yet."""
        ...

    def close(self) -> None:
        """Release the connections."""
        ...
