"""Stores each run with its history in one table row, and lists runs.

The id is a hash. It is partition key and row key, so rows spread over partitions; lists use the
index. (The emulator looks rows up by row key first: a shared row key would mean a scan.)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from polysync_core.domain.continuation import decode_position, encode_position
from polysync_core.domain.errors import Broken, Malformed
from polysync_core.domain.runs.codec import decode_run, encode_run
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.listing import Listing, matches, may_match
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import ActiveRun, Page, RunHead, StoredRun
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import Row, RowExists
from polysync_core.storage.runs.entries import Entry, Span, lists_for, position_of
from polysync_core.storage.runs.index import RunIndex
from polysync_core.storage.tables import Table, Tables

_DOCUMENT = "document"
_POSITION = re.compile(r"[0-9]{13}~[0-9a-z]{1,64}")
_MAX_EXAMINED = 5_000
_MAX_READ = 500
"""Entries that one page examines, and rows that it reads. Beyond that, the page ends with a
continuation token, so that a rare match does not scan the whole history."""
_MAX_BATCH = 100
"""The maximum number of rows that a page reads at once."""


class TableRuns:
    """The stored runs; implements `RunTable`."""

    def __init__(self, storage: Tables) -> None:
        self._runs: Table = storage.table("Runs")
        self._index = RunIndex(storage)

    def get(self, run_id: RunId) -> StoredRun | None:
        """Return a run by one point read."""
        row = self._runs.get(run_id, run_id)
        return None if row is None else _stored(row)

    def get_many(self, run_ids: Iterable[RunId]) -> Iterator[StoredRun]:
        """Return the runs of these ids that exist, in the order of the ids."""
        return map(_stored, self._runs.get_many((run_id, run_id) for run_id in run_ids))

    def ids_from(self, prefix: str, *, limit: int) -> list[RunId]:
        """Return the first ids that begin with a prefix, by one range read of keys."""
        return [RunId(found) for found in self._runs.partitions(prefix, limit=limit)]

    def index_active(self, run: TaskRun) -> None:
        """Write the index entries of a run, as active."""
        self._index.add_active(run)

    def index_late(self, run: TaskRun) -> None:
        """List a run among those that missed a deadline."""
        self._index.add_late(run)

    def insert(self, run: TaskRun) -> StoredRun | None:
        """Write a new row; return None if the run exists."""
        document = encode_run(run)
        try:
            etag = self._runs.insert(_row(run, document))
        except RowExists:
            return None
        return StoredRun(run=run, etag=etag, size=len(document))

    def save(self, stored: StoredRun, run: TaskRun) -> StoredRun:
        """Replace a row, or raise `StaleETag` if it was changed since it was read."""
        document = encode_run(run)
        etag = self._runs.replace(_row(run, document, etag=stored.etag))
        return StoredRun(run=run, etag=etag, size=len(document))

    def delete(self, stored: StoredRun) -> None:
        """Delete a row, or raise `StaleETag` if it was changed; its index entries stay."""
        run_id = stored.run.run_id
        self._runs.delete(run_id, run_id, etag=stored.etag)

    def deactivate(self, run: TaskRun) -> None:
        """Index a run by its outcome, and remove its active entry."""
        self._index.deactivate(run)

    def remove_from_index(self, entry: ActiveRun) -> None:
        """Remove the index entries of a run that was never written."""
        self._index.remove(entry)

    def active_runs(self) -> Iterator[ActiveRun]:
        """Yield the active runs."""
        return (entry.run for entry in self._index.active())

    def shards(self) -> list[str]:
        """Return the shards that have had runs."""
        return self._index.shards()

    def page(self, listing: Listing) -> Page[TaskRun]:
        """Return runs, newest first; a page shorter than its limit may have a continuation."""
        entries = self._index.newest(lists_for(listing), _span(listing))
        found: list[TaskRun] = []
        examined = read = 0
        size = listing.limit
        while batch := list(islice(entries, size)):
            candidates = [entry for entry in batch if may_match(entry.run, listing)]
            examined, read = examined + len(batch), read + len(candidates)
            runs = self._genuine(candidates)
            for entry in batch:
                run = runs.get(entry.position)
                if run is not None and matches(run, listing):
                    found.append(run)
                if len(found) == listing.limit:
                    return _page(listing, found, entry)
            if examined >= _MAX_EXAMINED or read >= _MAX_READ:
                return _page(listing, found, batch[-1])
            size = min(2 * size, _MAX_BATCH)
        return Page(items=[*found, *self._root(listing)])

    def count(self, listing: Listing, *, limit: int) -> int:
        """Return the number of runs in a list, up to a limit."""
        entries = self._index.newest(lists_for(listing), _span(listing))
        examined = islice(entries, limit)
        return sum(may_match(entry.run, listing) for entry in examined)

    def scheduled(
        self, task: str, born: int, *, since: datetime, until: datetime
    ) -> list[ActiveRun]:
        """Return the entries of a Task's runs by scheduled time, newest first."""
        return [entry.run for entry in self._index.scheduled(task, born, since, until)]

    def earlier(self, task: str, born: int, *, before: datetime) -> Iterator[ActiveRun]:
        """Yield the entries of a Task's runs before a scheduled time, newest first."""
        return (entry.run for entry in self._index.earlier(task, born, before))

    def following(self, task: str, born: int, *, after: datetime) -> Iterator[ActiveRun]:
        """Yield the entries of runs with prerequisites after a scheduled time, oldest first."""
        return (entry.run for entry in self._index.following(task, born, after))

    def heads(self, tasks: Collection[str]) -> dict[str, RunHead]:
        """Return the newest runs of Tasks, by ranges of heads.

        Each active run costs one read more.
        """
        stored = self._index.heads(tasks)
        found = {task: each.head for task, each in stored.items() if each.head is not None}
        unsure = {each.run_id: each for each in stored.values() if each.head is None}
        for read in self.get_many(list(unsure)):
            run, head = read.run, unsure.pop(read.run.run_id)
            if position_of(run.queued_at, run.run_id) == head.position:
                found[head.task] = RunHead.of(run)
            else:
                unsure[run.run_id] = head
        for head in unsure.values():
            # The run was never written or is deleted.
            for run in self.page(Listing(task=head.task, limit=1)).items:
                found[head.task] = RunHead.of(run)
        return found

    def _genuine(self, entries: Sequence[Entry]) -> dict[str, TaskRun]:
        """Return the runs of entries by position, without the runs of stale entries."""
        read = self.get_many([entry.run.run_id for entry in entries])
        runs = {stored.run.run_id: stored.run for stored in read}
        # A crash can leave two entries of one run; the right one has the time of the row.
        return {
            entry.position: run
            for entry in entries
            if (run := runs.get(entry.run.run_id)) and run.queued_at == entry.run.queued_at
        }

    def _root(self, listing: Listing) -> Iterator[TaskRun]:
        """Yield the root of the listed graph run; the index lists only its descendants."""
        if listing.graph_run_id is None:
            return
        stored = self.get(listing.graph_run_id)
        if stored is not None and matches(stored.run, listing):
            yield stored.run


def _span(listing: Listing) -> Span:
    token = listing.continuation_token
    after = None if token is None else _position_of(listing, token)
    return Span(after=after, since=listing.since, until=listing.until)


def _page(listing: Listing, found: list[TaskRun], last: Entry) -> Page[TaskRun]:
    """Return a page that continues after an entry."""
    rest = encode_position(listing.identity, [last.position])
    return Page(items=found, continuation_token=rest)


def _position_of(listing: Listing, token: str) -> str:
    position = decode_position(listing.identity, token, part=_POSITION)[0]
    if position is None:
        raise Malformed.at("continuationToken", "use the token of an earlier answer unchanged")
    return position


def _row(run: TaskRun, document: str, *, etag: str = "") -> Row:
    return Row(run.run_id, run.run_id, split_text(_DOCUMENT, document), etag)


def _stored(row: Row) -> StoredRun:
    document = join_text(_DOCUMENT, row.values)
    if document is None:
        raise Broken("a stored run has no document")
    return StoredRun(run=decode_run(document), etag=row.etag, size=len(document))
