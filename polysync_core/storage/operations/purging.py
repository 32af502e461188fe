"""Deletes rows in batches within a time budget, and lists the partitions of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import batched

from polysync_core.domain.errors import StaleETag
from polysync_core.storage.rows import MAX_OPERATIONS, Change, Operation, Row, RowRange
from polysync_core.storage.tables import Table

type More = Callable[[], bool]
"""Returns whether time is left; the next day's purge deletes the rest."""


def delete_rows(table: Table, rows: RowRange, more: More) -> int:
    """Delete the rows of a range in key order, and return their number."""
    deleted = 0
    while more():
        page = table.page(rows, limit=MAX_OPERATIONS)
        delete_batch(table, page.rows)
        deleted += len(page.rows)
        if page.token is None:
            break
    return deleted


def delete_batch(table: Table, rows: Sequence[Row]) -> None:
    """Delete rows of one partition, even if they have changed since they were read."""
    for batch in batched(rows, MAX_OPERATIONS, strict=False):
        bare = [Row(row.partition, row.key, {}) for row in batch]
        try:
            table.transact([Operation(Change.DELETE, row) for row in bare])
        except StaleETag:
            # Another process deletes rows too, and one missing row rolls the transaction back.
            for row in bare:
                table.delete(row.partition, row.key)


def partitions(table: Table, more: More) -> Iterator[str]:
    """Yield the partitions of a table in order, with one query each."""
    found = table.next_partition("")
    while found is not None and more():
        yield found
        found = table.next_partition(found)
