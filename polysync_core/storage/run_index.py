"""The index of task runs: who is active, and which are the newest of all, of a task, of a graph.

A table a month and in it a partition a Dispatcher shard, so that what is listed first stays small
however long the history is, old months are dropped whole, and a deployment that spreads its
dispatching spreads its index as well. What is written of a run at once is one transaction:

    a~<newest first>~<run>               active: somebody owes this run an end
    r~<newest first>~<run>               all runs
    t~<task>~<newest first>~<run>        the runs of a task
    g~<graph run>~<newest first>~<run>   the descendants of a root run
    s~<status>~<newest first>~<run>      the runs that ended so
    j~<job>~<newest first>~<run>         the runs of a job without a task, which have no other list
                                         than this and the active ones

A list is one short range read a month and shard until its page is full. The table `RunIndex` tells
which months and shards there are.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby

from polysync_core.domain.errors import NotFound, StaleETag
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import ActiveRun, owed
from polysync_core.storage.azure.rows import RowValue
from polysync_core.storage.azure.tables import Change, Operation, Row, RowRange, Table, TableStorage
from polysync_core.storage.purging import delete_batch

_FAR_FUTURE = 9_999_999_999_999
"""Epoch milliseconds from which a time is subtracted, so that the newest sorts first."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ACTIVE = "a~"
_ALL = "r~"
_OF_JOBS = "j~"
_PAGE = 50
_TABLE = "RunIndex"
_PARTS = "parts"
"""The partition that lists the other tables and their partitions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of a list."""

    run: ActiveRun
    position: str
    """Where the row stands among its like: a list goes on after it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One partition of one month's table."""

    month: str
    shard: str

    @property
    def key(self) -> str:
        """The key of the part in the list of parts, newest first."""
        return f"{999999 - int(self.month):06}~{self.shard}"


def month_table(storage: TableStorage, moment: datetime) -> Table:
    """Return the table that lists the runs which were queued at a time."""
    return storage.table(f"{_TABLE}{moment:%Y%m}")


class RunIndex:
    """Reads and writes the index."""

    def __init__(self, storage: TableStorage) -> None:
        self._storage = storage
        self._parts = storage.table(_TABLE)
        self._known: set[Part] = set()
        self._lock = threading.Lock()

    def announce(self, run: TaskRun) -> None:
        """List a run as active."""
        self._remember(Part(f"{run.queued_at:%Y%m}", run.shard))
        table = month_table(self._storage, run.queued_at)
        table.transact([_put(run, _ACTIVE), *list_entries(run)])

    def settle(self, run: TaskRun) -> None:
        """List a run under its outcome and take it off the active ones."""
        table = month_table(self._storage, run.queued_at)
        active = Row(run.shard, _ACTIVE + _place(run.queued_at, run.run_id), {})
        outcome = [outcome_entry(run)] if run.task else []
        try:
            table.transact([Operation(Change.DELETE, active), *outcome])
        except (NotFound, StaleETag):
            # It was taken off before; whether it was listed is not known.
            if outcome:
                table.transact(outcome)

    def withdraw(self, entry: ActiveRun) -> None:
        """Remove every row of an announcement."""
        table = month_table(self._storage, entry.queued_at)
        place = _place(entry.queued_at, entry.run_id)
        for prefix in _lists(entry):
            table.delete(entry.shard, prefix + place)
        table.delete(entry.shard, _ACTIVE + place)

    def active(self) -> Iterator[Entry]:
        """Yield the active runs of all shards."""
        for part in self._all_parts():
            yield from self._rows(part, _ACTIVE, after=None)

    def newest(self, prefix: str, *, after: str | None) -> Iterator[Entry]:
        """Yield the entries under a prefix, newest first, from behind a position."""
        newest_month = None if after is None else f"{_moment(after):%Y%m}"
        for month, parts in groupby(self._all_parts(), key=lambda part: part.month):
            if newest_month is None or month <= newest_month:
                rows = [self._rows(part, prefix, after=after) for part in parts]
                yield from heapq.merge(*rows, key=lambda entry: entry.position)

    def parts_before(self, moment: datetime) -> list[Part]:
        """Return the parts of the months that had passed at a time, the oldest first."""
        return [part for part in reversed(self._all_parts()) if part.month < f"{moment:%Y%m}"]

    def listed(self, part: Part) -> Iterator[Entry]:
        """Yield the runs of a part that were not struck off, those of Tasks first."""
        return chain(*(self._rows(part, prefix, after=None) for prefix in (_ALL, _OF_JOBS)))

    def active_in(self, part: Part) -> Iterator[Entry]:
        """Yield the active runs of a part."""
        return self._rows(part, _ACTIVE, after=None)

    def strike(self, part: Part, entries: Iterable[Entry]) -> None:
        """Strike runs that are no more off a part; its other lists go when the month is dropped."""
        rows = [Row(part.shard, _main_key(entry.run), {}) for entry in entries]
        delete_batch(self._storage.table(f"{_TABLE}{part.month}"), rows)

    def drop(self, month: str) -> None:
        """Drop a month whole: its table, and then what tells of it."""
        self._storage.table(f"{_TABLE}{month}").drop()
        for part in self._all_parts():
            if part.month == month:
                self._parts.delete(_PARTS, part.key)

    def shards(self) -> list[str]:
        """Return the shards that have had runs."""
        return sorted({part.shard for part in self._all_parts()})

    def _all_parts(self) -> list[Part]:
        """Return the parts, those of the newest month first."""
        rows = self._parts.rows(RowRange(_PARTS))
        return [Part(row.text("month"), row.text("shard")) for row in rows]

    def _rows(self, part: Part, prefix: str, *, after: str | None) -> Iterator[Entry]:
        rows = RowRange.prefixed(part.shard, prefix)
        if after is not None:
            # "!" sorts before every character of a place, so this is the next key at the earliest.
            rows = RowRange(part.shard, f"{prefix}{after}!", rows.stop)
        table = self._storage.table(f"{_TABLE}{part.month}")
        token: str | None = None
        while True:
            page = table.page(rows, limit=_PAGE, token=token)
            yield from (_entry(row, prefix) for row in page.rows)
            if (token := page.token) is None:
                return

    def _remember(self, part: Part) -> None:
        if part in self._known:
            return
        row = Row(_PARTS, part.key, {"month": part.month, "shard": part.shard})
        self._parts.upsert(row)
        with self._lock:
            self._known.add(part)


def list_entries(run: TaskRun) -> list[Operation]:
    """Return the writes that list a run, active or not."""
    return [_put(run, prefix) for prefix in _lists(owed(run))]


def outcome_entry(run: TaskRun) -> Operation:
    """Return the write that lists a run under its outcome."""
    return _put(run, f"s~{run.status}~")


def _place(queued_at: datetime, run_id: str) -> str:
    newest_first = _FAR_FUTURE - (queued_at - _EPOCH) // timedelta(milliseconds=1)
    return f"{newest_first:013}~{run_id}"


def _moment(place: str) -> datetime:
    """Return the time in a place, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=_FAR_FUTURE - int(place.partition("~")[0]))


def _lists(entry: ActiveRun) -> tuple[str, ...]:
    """Return the lists that a run is in, active or not; the first has all runs of its kind."""
    if not entry.task:
        return (f"{_OF_JOBS}{entry.job}~",)
    graph = () if entry.graph_run_id == entry.run_id else (f"g~{entry.graph_run_id}~",)
    return (_ALL, f"t~{entry.task}~", *graph)


def _main_key(entry: ActiveRun) -> str:
    """Return the key in the one list that every run of its kind is in."""
    return _lists(entry)[0] + _place(entry.queued_at, entry.run_id)


def _put(run: TaskRun, prefix: str) -> Operation:
    values: dict[str, RowValue] = {
        "run": run.run_id,
        "task": run.task,
        "graph": run.graph_run_id,
        "queued": (run.queued_at - _EPOCH) // timedelta(microseconds=1),
    }
    if not run.task:
        values["job"] = run.job.name
    return Operation(
        Change.REPLACE, Row(run.shard, prefix + _place(run.queued_at, run.run_id), values)
    )


def _entry(row: Row, prefix: str) -> Entry:
    found = ActiveRun(
        run_id=RunId(row.text("run")),
        task=row.text("task"),
        graph_run_id=RunId(row.text("graph")),
        shard=row.partition,
        queued_at=_EPOCH + timedelta(microseconds=int(str(row.values["queued"]))),
        job=row.text("job") if "job" in row.values else "",
    )
    return Entry(run=found, position=row.key.removeprefix(prefix))
