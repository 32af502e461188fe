"""Stores the deadline states of Tasks, an index of due times, and missed deadlines.

    p<n>    | d~<due>~<task>                  the index entry; `due` is in epoch milliseconds
    p<n>    | s~<task>                        a state; its ETag guards every change
    reports | <newest first>~<task>~<kind>    a missed deadline

All Tasks share a few partitions, so that no partition is hot. A check reads one short range of
each: from the first index entry to the last one that is due.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from polysync_core.domain.deadlines.codec import (
    decode_deadlines,
    decode_report,
    encode_deadlines,
    encode_report,
)
from polysync_core.domain.deadlines.state import DeadlineState
from polysync_core.domain.deadlines.stored_deadlines import (
    DeadlineReport,
    DueDeadlines,
    StoredDeadlines,
)
from polysync_core.domain.dispatch.state import millis, moment
from polysync_core.domain.errors import Broken, StaleETag
from polysync_core.storage.operations.purging import More, delete_rows
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import (
    Change,
    Operation,
    Row,
    RowExists,
    RowRange,
    end_of_prefix,
    hashed_key,
)
from polysync_core.storage.tables import Tables

_PARTITIONS = 4
"""Never change this number: the partition of every stored row depends on it."""
_REPORTS = "reports"
_DUE = "d~"
_STATE = "s~"
_DOCUMENT = "document"
_FAR_FUTURE = 9_999_999_999_999
"""Epoch milliseconds; keys are the difference to this time, so the newest sorts first."""


class TableDeadlines:
    """Implements `DeadlineStore` on the table `Deadlines`."""

    def __init__(self, storage: Tables) -> None:
        self._table = storage.table("Deadlines")

    def get(self, task: str) -> StoredDeadlines | None:
        """Return a state by one point read."""
        row = self._table.get(_partition(task), _STATE + task)
        return None if row is None else StoredDeadlines(state=_state(row), etag=row.etag)

    def put(self, state: DeadlineState, *, replacing: StoredDeadlines | None) -> StoredDeadlines:
        """Write a state with its index entry; raise `StaleETag` if the row has changed."""
        partition, entry = _partition(state.task), _entry(state)
        former = None if replacing is None else _entry(replacing.state)
        values = split_text(_DOCUMENT, encode_deadlines(state))
        change = Change.INSERT if replacing is None else Change.REPLACE
        etag = "" if replacing is None else replacing.etag
        operations = [Operation(change, Row(partition, _STATE + state.task, values, etag))]
        if former is not None and former != entry:
            operations.append(Operation(Change.DELETE, Row(partition, former, {})))
        if entry is not None and former != entry:
            operations.append(Operation(Change.REPLACE, Row(partition, entry, {})))
        try:
            written, *_ = self._table.transact(operations)
        except RowExists as taken:
            raise StaleETag from taken
        return StoredDeadlines(state=state, etag=written)

    def remove(self, stored: StoredDeadlines) -> None:
        """Delete an unchanged state with its index entry; otherwise raise `StaleETag`."""
        state, entry = stored.state, _entry(stored.state)
        partition = _partition(state.task)
        rows = [Row(partition, _STATE + state.task, {}, stored.etag)]
        if entry is not None:
            rows.append(Row(partition, entry, {}))
        self._table.transact([Operation(Change.DELETE, row) for row in rows])

    def due(self, now: datetime, *, limit: int) -> list[DueDeadlines]:
        """Return the Tasks that are due, oldest first, up to `limit` of each partition."""
        until = f"{_DUE}{millis(now) + 1:013}"
        found = [
            _due(row)
            for partition in _partitions()
            for row in islice(self._table.rows(RowRange(partition, _DUE, until)), limit)
        ]
        return sorted(found, key=lambda each: each.at)

    def next_due(self, *, after: datetime) -> datetime | None:
        """Return the first due time after a time, by one short range in each partition."""
        first = f"{_DUE}{millis(after) + 1:013}"
        found = [
            _due(row).at
            for partition in _partitions()
            for row in self._table.page(
                RowRange(partition, first, end_of_prefix(_DUE)), limit=1
            ).rows
        ]
        return min(found, default=None)

    def report(self, report: DeadlineReport) -> None:
        """Store a missed deadline, or its recovery; storing it twice has no further effect."""
        values = split_text(_DOCUMENT, encode_report(report))
        self._table.upsert(Row(_REPORTS, _report_key(report), values))

    def reports(self, since: datetime, *, limit: int) -> Sequence[DeadlineReport]:
        """Return the deadlines that were missed since a time, newest first."""
        rows = self._table.rows(RowRange(_REPORTS, "", f"{_newest_first(since)}~~"))
        return [_report(row) for row in islice(rows, limit)]

    def purge(self, before: datetime, more: More) -> int:
        """Delete the reports of deadlines before a time, and return their number."""
        return delete_rows(self._table, RowRange(_REPORTS, f"{_newest_first(before)}~~"), more)


def _partitions() -> Iterator[str]:
    return (f"p{number}" for number in range(_PARTITIONS))


def _partition(task: str) -> str:
    return f"p{int(hashed_key(task), 16) % _PARTITIONS}"


def _entry(state: DeadlineState) -> str | None:
    return None if state.due is None else f"{_DUE}{millis(state.due):013}~{state.task}"


def _due(row: Row) -> DueDeadlines:
    _, due, task = row.key.split("~")
    return DueDeadlines(task=task, at=moment(int(due)))


def _state(row: Row) -> DeadlineState:
    return decode_deadlines(_document(row))


def _report(row: Row) -> DeadlineReport:
    return decode_report(_document(row))


def _document(row: Row) -> str:
    text = join_text(_DOCUMENT, row.values)
    if text is None:
        raise Broken("a stored deadline has no document")
    return text


def _report_key(report: DeadlineReport) -> str:
    return f"{_newest_first(report.miss.at)}~{report.task}~{report.miss.kind}"


def _newest_first(at: datetime) -> str:
    return f"{_FAR_FUTURE - millis(at):013}"
