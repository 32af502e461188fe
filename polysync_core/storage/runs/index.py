"""Indexes runs in monthly tables: active runs, and one list per filter.

There is one table per month, with one partition per Dispatcher shard. So the newest entries stay
few however long the history is, old months are dropped whole, and a deployment with many shards
spreads its index as well. The entries of a run are written in one transaction:

    a~<newest first>~<run>               active: the run still needs work
    r~<newest first>~<run>               all runs
    t~<task>~<newest first>~<run>        the runs of a task, with the outcome of ended ones
    g~<graph run>~<newest first>~<run>   the descendants of a root run
    p~<platform>~<newest first>~<run>    the runs on a platform
    o~<job>~<newest first>~<run>         the runs of the tasks of a job
    i~<trigger>~<newest first>~<run>     the runs with a trigger
    k~<tag>~<newest first>~<run>         the runs with a tag, for its name and for its value
    b~<backfill>~<newest first>~<run>    the runs of a backfill
    s~<status>~<newest first>~<run>      the runs with this outcome
    c~<cause>~<newest first>~<run>       the failed runs with this cause
    l~<newest first>~<run>               the runs that missed a deadline
    j~<job>~<newest first>~<run>         the runs of a job without a task, which are in no other
                                         list than this and the active one
    f~<born>~<task>~<newest time>~<run>  the runs of a task that have a scheduled time, by this time
    n~<born>~<task>~<oldest time>~<run>  those of them that have prerequisites
    h~<task>                             the newest run of a task (module `heads`)

A list is one short range read per month and shard until its page is full. The table `RunIndex`
lists the existing months and shards.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched, chain, groupby, product

from polysync_core.domain.errors import NotFound, StaleETag
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import ActiveRun
from polysync_core.storage.operations.purging import delete_batch
from polysync_core.storage.rows import Change, Operation, Row, RowRange
from polysync_core.storage.runs.entries import (
    ACTIVE,
    ALL,
    JOB,
    LATE,
    Entry,
    Span,
    entry_of,
    following_prefix,
    list_entries,
    lists_of,
    main_key,
    milliseconds,
    outcome_entries,
    position_of,
    put_entry,
    scheduled_keys,
    scheduled_prefix,
    tag_entries,
)
from polysync_core.storage.runs.heads import RunHeads, StoredHead
from polysync_core.storage.tables import Table, Tables

_PAGE = 50
_MAX_PAGE = 1000
"""The largest page of a long scan; the first page is short, because most lists end early."""
_MAX_BATCH = 80
"""The maximum number of tag entries in the transaction of a run, of at most 100 writes."""
_FEW = 20
"""Up to this number, Tasks are read by point reads."""
_SKEW = timedelta(days=1)
"""More than the difference between the clocks of two machines."""
_TABLE = "RunIndex"
_PARTS = "parts"
"""The partition that lists the month tables and their partitions."""


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
        self._heads = RunHeads()
        self._registered: set[Part] = set()
        self._lock = threading.Lock()

    def add_active(self, run: TaskRun) -> None:
        """Write the entries of an active run."""
        self._register(Part(f"{run.queued_at:%Y%m}", run.shard))
        table = month_table(self._storage, run.queued_at)
        # An entry without its run is harmless, so many tags may need transactions of their own.
        tags = [*batched(tag_entries(run), _MAX_BATCH, strict=False)]
        for operations in tags[1:]:
            table.transact(operations)
        entries = [put_entry(run, ACTIVE), *list_entries(run), *chain(*tags[:1])]
        self._heads.transact(table, run, entries, ended=False)

    def add_late(self, run: TaskRun) -> None:
        """List a run among those that missed a deadline."""
        month_table(self._storage, run.queued_at).upsert(put_entry(run, LATE).row)

    def deactivate(self, run: TaskRun) -> None:
        """Replace the active entry of a run by an entry of its outcome."""
        table = month_table(self._storage, run.queued_at)
        active = Row(run.shard, ACTIVE + position_of(run.queued_at, run.run_id), {})
        outcome = outcome_entries(run)
        operations = [Operation(Change.DELETE, active), *outcome]
        try:
            self._heads.transact_once(table, run, operations, ended=True)
        except (NotFound, StaleETag):
            # The active entry is gone already, or another process changed the head.
            self._heads.transact(table, run, outcome, ended=True)
            table.delete(active.partition, active.key)

    def remove(self, entry: ActiveRun) -> None:
        """Remove all entries of a run that was never written."""
        table = month_table(self._storage, entry.queued_at)
        position = position_of(entry.queued_at, entry.run_id)
        for key in (*(prefix + position for prefix in lists_of(entry)), *scheduled_keys(entry)):
            table.delete(entry.shard, key)
        part = Part(f"{entry.queued_at:%Y%m}", entry.shard)
        self._heads.forget(table, [entry], lambda task: self._first(part, f"t~{task}~"))
        table.delete(entry.shard, ACTIVE + position)

    def active(self) -> Iterator[Entry]:
        """Yield the active runs of all shards."""
        for part in self._all_parts():
            yield from self._rows(part, ACTIVE, Span())

    def newest(self, prefixes: Sequence[str], span: Span) -> Iterator[Entry]:
        """Yield the entries of some lists within a span, newest first and each run once."""
        last = None
        for month, parts in groupby(self._all_parts(), key=_month):
            if span.has_month(month):
                lists = product(parts, prefixes)
                rows = [self._rows(part, prefix, span) for part, prefix in lists]
                for entry in heapq.merge(*rows, key=_position):
                    if entry.position != last:
                        yield entry
                    last = entry.position

    def scheduled(self, task: str, born: int, since: datetime, until: datetime) -> Iterator[Entry]:
        """Yield the runs of a Task by scheduled time, the newest first.

        A run is in the month of its acceptance, which is not before its scheduled time.
        """
        prefix, month = scheduled_prefix(task, born), f"{since - _SKEW:%Y%m}"
        parts = [part for part in self._all_parts() if part.month >= month]
        rows = [self._rows(part, prefix, Span(since=since, until=until)) for part in parts]
        return heapq.merge(*rows, key=_position)

    def earlier(self, task: str, born: int, before: datetime) -> Iterator[Entry]:
        """Yield the runs of a Task before a scheduled time, newest first.

        A month is read only if it may hold the next run.
        """
        prefix, span = scheduled_prefix(task, born), Span(until=before)
        months = [list(parts) for _, parts in groupby(self._all_parts(), key=_month)]
        merged: Iterator[Entry] = iter(())
        found = next(merged, None)
        while months or found is not None:
            while months and (found is None or _may_hold(months[0][0].month, found)):
                rows = [self._rows(part, prefix, span) for part in months.pop(0)]
                rest = () if found is None else (found,)
                merged = heapq.merge(*rows, chain(rest, merged), key=_position)
                found = next(merged, None)
            if found is not None:
                yield found
                found = next(merged, None)

    def following(self, task: str, born: int, after: datetime) -> Iterator[Entry]:
        """Yield the runs with prerequisites that are scheduled after a time, oldest first."""
        prefix, month = following_prefix(task, born), f"{after - _SKEW:%Y%m}"
        # "~" sorts after every character of a run id.
        span = Span(after=f"{milliseconds(after):013}~~")
        parts = [part for part in self._all_parts() if part.month >= month]
        return heapq.merge(*(self._rows(part, prefix, span) for part in parts), key=_position)

    def heads(self, tasks: Collection[str]) -> dict[str, StoredHead]:
        """Return the newest heads of Tasks.

        Few Tasks cost a point read in each part; many cost ranges of a thousand heads.
        """
        found: dict[str, StoredHead] = {}
        for _, parts in groupby(self._all_parts(), key=_month):
            missing = sorted(set(tasks) - found.keys())
            if not missing:
                break
            for head in chain.from_iterable(map(self._heads_reader(missing), parts)):
                known = found.get(head.task)
                if known is None or head.position < known.position:
                    found[head.task] = head
        return {task: head for task, head in found.items() if task in tasks}

    def parts_before(self, moment: datetime) -> list[Part]:
        """Return the parts of the months before a time, oldest first."""
        return [part for part in reversed(self._all_parts()) if part.month < f"{moment:%Y%m}"]

    def listed(self, part: Part) -> Iterator[Entry]:
        """Yield the runs in the main lists of a part, those of Tasks first."""
        return chain(*(self._rows(part, prefix, Span()) for prefix in (ALL, JOB)))

    def active_in(self, part: Part) -> Iterator[Entry]:
        """Yield the active runs of a part."""
        return self._rows(part, ACTIVE, Span())

    def remove_from_main_list(self, part: Part, entries: Iterable[Entry]) -> None:
        """Remove deleted runs from the main lists; the month's drop removes the other entries."""
        table = self._storage.table(f"{_TABLE}{part.month}")
        gone = [entry.run for entry in entries]
        self._heads.forget(table, gone, lambda task: self._active_of(part, task))
        delete_batch(table, [Row(part.shard, main_key(run), {}) for run in gone])

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

    def _heads_reader(self, tasks: Sequence[str]) -> Callable[[Part], list[StoredHead]]:
        def read(part: Part) -> list[StoredHead]:
            table = self._storage.table(f"{_TABLE}{part.month}")
            if len(tasks) > _FEW:
                return list(self._heads.between(table, part.shard, tasks[0], tasks[-1]))
            found = (self._heads.get(table, part.shard, task) for task in tasks)
            return [head for head in found if head is not None]

        return read

    def _first(self, part: Part, prefix: str) -> ActiveRun | None:
        return next((entry.run for entry in self._rows(part, prefix, Span())), None)

    def _active_of(self, part: Part, task: str) -> ActiveRun | None:
        runs = (entry.run for entry in self.active_in(part))
        return next((run for run in runs if run.task == task), None)

    def _rows(self, part: Part, prefix: str, span: Span) -> Iterator[Entry]:
        rows = RowRange.prefixed(part.shard, prefix)
        stop = rows.stop if span.stop is None else prefix + span.stop
        rows = RowRange(part.shard, prefix + span.start, stop)
        table = self._storage.table(f"{_TABLE}{part.month}")
        token, size = None, _PAGE
        while True:
            page = table.page(rows, limit=size, token=token)
            yield from (entry_of(row, prefix) for row in page.rows)
            if (token := page.token) is None:
                return
            size = min(2 * size, _MAX_PAGE)

    def _register(self, part: Part) -> None:
        if part in self._registered:
            return
        row = Row(_PARTS, part.key, {"month": part.month, "shard": part.shard})
        self._parts.upsert(row)
        with self._lock:
            self._registered.add(part)


def _month(part: Part) -> str:
    return part.month


def _position(entry: Entry) -> str:
    return entry.position


def _may_hold(month: str, found: Entry) -> bool:
    """Return whether a month may hold a run that is scheduled later."""
    at = found.run.scheduled_time
    return at is None or f"{at - _SKEW:%Y%m}" <= month
