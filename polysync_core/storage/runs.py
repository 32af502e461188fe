"""Stores each run with its history in one table row, and lists runs.

The id is a hash. It is partition key and row key, so rows spread over partitions; lists use the
index. (The emulator looks rows up by row key first: a shared row key would mean a scan.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from polysync_core.domain.continuation import decode_position, encode_position
from polysync_core.domain.errors import Broken, Malformed
from polysync_core.domain.runs.codec import decode_run, encode_run
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import ActiveRun, Listing, Page, StoredRun
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import Row, RowExists
from polysync_core.storage.run_index import Entry, RunIndex
from polysync_core.storage.tables import Table, Tables

_DOCUMENT = "document"
_POSITION = re.compile(r"[0-9]{13}~[0-9a-z]{1,64}")
_MAX_EXAMINED = 500
"""Entries that one page examines. Beyond that, the page ends with a continuation token, so that a
rare match does not scan the whole history."""


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
        """Return the existing ones of some runs, in the order of the ids."""
        return map(_stored, self._runs.get_many((run_id, run_id) for run_id in run_ids))

    def ids_from(self, prefix: str, *, limit: int) -> list[RunId]:
        """Return the first ids that begin with a prefix, by one range read of keys."""
        return [RunId(found) for found in self._runs.partitions(prefix, limit=limit)]

    def index_active(self, run: TaskRun) -> None:
        """Write the index entries of a run, as active."""
        self._index.add_active(run)

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
        token = listing.continuation_token
        after = None if token is None else _position_of(listing, token)
        found: list[TaskRun] = []
        for examined, (entry, run) in enumerate(self._candidates(listing, after), start=1):
            if run is not None and _matches(run, listing):
                found.append(run)
            if len(found) == listing.limit or examined == _MAX_EXAMINED:
                rest = encode_position(_name_of(listing), [entry.position])
                return Page(items=found, continuation_token=rest)
        return Page(items=[*found, *self._root(listing)])

    def _candidates(
        self, listing: Listing, after: str | None
    ) -> Iterator[tuple[Entry, TaskRun | None]]:
        """Yield entries with their runs, read ahead; None for an entry without a run."""
        entries = (
            entry
            for entry in self._index.newest(_prefix(listing), after=after)
            if _may_match(entry.run, listing)
        )
        while batch := list(islice(entries, listing.limit)):
            read = self.get_many([entry.run.run_id for entry in batch])
            runs = {stored.run.run_id: stored.run for stored in read}
            for entry in batch:
                run = runs.get(entry.run.run_id)
                # A crash can leave two entries of one run; the right one has the time of the row.
                genuine = run is not None and run.queued_at == entry.run.queued_at
                yield entry, run if genuine else None

    def _root(self, listing: Listing) -> Iterator[TaskRun]:
        """Yield the root of the listed graph run; the index lists only its descendants."""
        if listing.graph_run_id is None:
            return
        stored = self.get(listing.graph_run_id)
        if stored is not None and _matches(stored.run, listing):
            yield stored.run


def _prefix(listing: Listing) -> str:
    """Return the key prefix of the narrowest list that holds all matching runs."""
    if listing.job is not None:
        return f"j~{listing.job}~"
    if listing.graph_run_id is not None:
        return f"g~{listing.graph_run_id}~"
    if listing.task is not None:
        return f"t~{listing.task}~"
    if listing.status is None:
        return "r~"
    return f"s~{listing.status}~" if listing.status.is_terminal else "a~"


def _may_match(entry: ActiveRun, listing: Listing) -> bool:
    """Return whether a run can match, by its index entry; the active list mixes all kinds."""
    return entry.job == listing.job and listing.task in {None, entry.task}


def _matches(run: TaskRun, listing: Listing) -> bool:
    return (
        _may_match(ActiveRun.of(run), listing)
        and (listing.status is None or run.status is listing.status)
        and (listing.graph_run_id is None or run.graph_run_id == listing.graph_run_id)
    )


def _position_of(listing: Listing, token: str) -> str:
    position = decode_position(_name_of(listing), token, part=_POSITION)[0]
    if position is None:
        raise Malformed.at("continuationToken", "use the token of an earlier answer unchanged")
    return position


def _name_of(listing: Listing) -> tuple[str | None, ...]:
    """Return the texts that identify a list of runs with its filters."""
    return ("runs", listing.status, listing.task, listing.job, listing.graph_run_id)


def _row(run: TaskRun, document: str, *, etag: str = "") -> Row:
    return Row(run.run_id, run.run_id, split_text(_DOCUMENT, document), etag)


def _stored(row: Row) -> StoredRun:
    document = join_text(_DOCUMENT, row.values)
    if document is None:
        raise Broken("a stored run has no document")
    return StoredRun(run=decode_run(document), etag=row.etag, size=len(document))
