"""Indexes runs in monthly tables: active runs, and lists by Task, Job and outcome.

There is one table per month, with one partition per Dispatcher shard. So the newest entries stay
few however long the history is, old months are dropped whole, and a deployment with many shards
spreads its index as well. The entries of a run are written in one transaction:

    a~<newest first>~<run>               active: the run still needs work
    r~<newest first>~<run>               all runs
    t~<task>~<newest first>~<run>        the runs of a task
    g~<graph run>~<newest first>~<run>   the descendants of a root run
    s~<status>~<newest first>~<run>      the runs with this outcome
    j~<job>~<newest first>~<run>         the runs of a job without a task, which are in no other
                                         list than this and the active one

A list is one short range read per month and shard until its page is full. The table `RunIndex`
lists the existing months and shards.
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
from polysync_core.domain.runs.stored import ActiveRun
from polysync_core.storage.purging import delete_batch
from polysync_core.storage.rows import Change, Operation, Row, RowRange, RowValue
from polysync_core.storage.tables import Table, Tables

_MAX_MILLIS = 9_999_999_999_999
"""The number from which epoch milliseconds are subtracted, so that the newest run sorts first."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ACTIVE = "a~"
_ALL = "r~"
_JOB = "j~"
_PAGE = 50
_TABLE = "RunIndex"
_PARTS = "parts"
"""The partition that lists the month tables and their partitions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of a list."""

    run: ActiveRun
    position: str
    """The sort position within the list; a page continues after it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One partition of a month table."""

    month: str
    shard: str

    @property
    def key(self) -> str:
        """The row key in the list of parts, newest month first."""
        return f"{999999 - int(self.month):06}~{self.shard}"


def month_table(storage: Tables, moment: datetime) -> Table:
    """Return the index table of the month of a time."""
    return storage.table(f"{_TABLE}{moment:%Y%m}")


class RunIndex:
    """Reads and writes the index tables."""

    def __init__(self, storage: Tables) -> None:
        self._storage = storage
        self._parts = storage.table(_TABLE)
        self._registered: set[Part] = set()
        self._lock = threading.Lock()

    def add_active(self, run: TaskRun) -> None:
        """Write the entries of an active run."""
        self._register(Part(f"{run.queued_at:%Y%m}", run.shard))
        table = month_table(self._storage, run.queued_at)
        table.transact([_put(run, _ACTIVE), *list_entries(run)])

    def deactivate(self, run: TaskRun) -> None:
        """Replace the active entry of a run by an entry of its outcome."""
        table = month_table(self._storage, run.queued_at)
        active = Row(run.shard, _ACTIVE + position_of(run.queued_at, run.run_id), {})
        outcome = [] if run.task is None else [outcome_entry(run)]
        try:
            table.transact([Operation(Change.DELETE, active), *outcome])
        except (NotFound, StaleETag):
            # The active entry is gone already; the outcome may or may not be listed.
            if outcome:
                table.transact(outcome)

    def remove(self, entry: ActiveRun) -> None:
        """Remove all entries of a run that was never written."""
        table = month_table(self._storage, entry.queued_at)
        position = position_of(entry.queued_at, entry.run_id)
        for prefix in _lists(entry):
            table.delete(entry.shard, prefix + position)
        table.delete(entry.shard, _ACTIVE + position)

    def active(self) -> Iterator[Entry]:
        """Yield the active runs of all shards."""
        for part in self._all_parts():
            yield from self._rows(part, _ACTIVE, after=None)

    def newest(self, prefix: str, *, after: str | None) -> Iterator[Entry]:
        """Yield the entries of a prefix, newest first, after a position."""
        newest_month = None if after is None else f"{_moment(after):%Y%m}"
        for month, parts in groupby(self._all_parts(), key=lambda part: part.month):
            if newest_month is None or month <= newest_month:
                rows = [self._rows(part, prefix, after=after) for part in parts]
                yield from heapq.merge(*rows, key=lambda entry: entry.position)

    def parts_before(self, moment: datetime) -> list[Part]:
        """Return the parts of the months before a time, oldest first."""
        return [part for part in reversed(self._all_parts()) if part.month < f"{moment:%Y%m}"]

    def listed(self, part: Part) -> Iterator[Entry]:
        """Yield the runs in the main lists of a part, those of Tasks first."""
        return chain(*(self._rows(part, prefix, after=None) for prefix in (_ALL, _JOB)))

    def active_in(self, part: Part) -> Iterator[Entry]:
        """Yield the active runs of a part."""
        return self._rows(part, _ACTIVE, after=None)

    def remove_from_main_list(self, part: Part, entries: Iterable[Entry]) -> None:
        """Remove deleted runs from the main lists; the month's drop removes the other entries."""
        rows = [Row(part.shard, _main_key(entry.run), {}) for entry in entries]
        delete_batch(self._storage.table(f"{_TABLE}{part.month}"), rows)

    def drop(self, month: str) -> None:
        """Drop the table of a month, and then its entries in the list of parts."""
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
            # "!" sorts before every character of a position, so the range begins after `after`.
            rows = RowRange(part.shard, f"{prefix}{after}!", rows.stop)
        table = self._storage.table(f"{_TABLE}{part.month}")
        token: str | None = None
        while True:
            page = table.page(rows, limit=_PAGE, token=token)
            yield from (_entry(row, prefix) for row in page.rows)
            if (token := page.token) is None:
                return

    def _register(self, part: Part) -> None:
        if part in self._registered:
            return
        row = Row(_PARTS, part.key, {"month": part.month, "shard": part.shard})
        self._parts.upsert(row)
        with self._lock:
            self._registered.add(part)


def list_entries(run: TaskRun) -> list[Operation]:
    """Return the writes that list a run in the lists of all statuses."""
    return [_put(run, prefix) for prefix in _lists(ActiveRun.of(run))]


def outcome_entry(run: TaskRun) -> Operation:
    """Return the write that lists a run by its outcome."""
    return _put(run, f"s~{run.status}~")


def position_of(queued_at: datetime, run_id: str) -> str:
    """Return the sort position of a run in every list."""
    newest_first = _MAX_MILLIS - (queued_at - _EPOCH) // timedelta(milliseconds=1)
    return f"{newest_first:013}~{run_id}"


def _moment(position: str) -> datetime:
    """Return the time in a position, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=_MAX_MILLIS - int(position.partition("~")[0]))


def _lists(entry: ActiveRun) -> tuple[str, ...]:
    """Return the lists of a run in any status; the first is its main list."""
    if entry.task is None:
        return (f"{_JOB}{entry.job}~",)
    graph = () if entry.graph_run_id == entry.run_id else (f"g~{entry.graph_run_id}~",)
    return (_ALL, f"t~{entry.task}~", *graph)


def _main_key(entry: ActiveRun) -> str:
    """Return the row key in the run's main list."""
    return _lists(entry)[0] + position_of(entry.queued_at, entry.run_id)


def _put(run: TaskRun, prefix: str) -> Operation:
    values: dict[str, RowValue] = {
        "run": run.run_id,
        "graph": run.graph_run_id,
        "queued": (run.queued_at - _EPOCH) // timedelta(microseconds=1),
    }
    if run.task is None:
        values["job"] = run.job.name
    else:
        values["task"] = run.task
    return Operation(
        Change.REPLACE, Row(run.shard, prefix + position_of(run.queued_at, run.run_id), values)
    )


def _entry(row: Row, prefix: str) -> Entry:
    found = ActiveRun(
        run_id=RunId(row.text("run")),
        task=row.text("task") if "task" in row.values else None,
        graph_run_id=RunId(row.text("graph")),
        shard=row.partition,
        queued_at=_EPOCH + timedelta(microseconds=int(str(row.values["queued"]))),
        job=row.text("job") if "job" in row.values else None,
    )
    return Entry(run=found, position=row.key.removeprefix(prefix))
