"""Task runs in Table Storage: a row each, its history included, found by the run's id.

The id is a hash and is both keys of its row, so that the rows are spread; lists go by the index.
(The emulator looks a row up by its row key first: one that all rows share would be a scan.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from polysync_core.domain.errors import Broken, Malformed
from polysync_core.domain.runs.codec import decode_run, encode_run
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import ActiveRun, Listing, Page, StoredRun, owed
from polysync_core.storage.azure.row_text import join_text, split_text
from polysync_core.storage.azure.tables import (
    Row,
    RowExists,
    Table,
    TableStorage,
)
from polysync_core.storage.run_index import Entry, RunIndex

_DOCUMENT = "document"
_READERS = 8
_MOST_EXAMINED = 500
"""A filter that few runs meet does not make a list scan the history: the page ends, and a
continuation token says where to go on."""


class TableRuns:
    """The stored runs; the application's `Runs`."""

    def __init__(self, storage: TableStorage) -> None:
        self._runs: Table = storage.table("Runs")
        self._index = RunIndex(storage)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="run-reader")

    def get(self, run_id: RunId) -> StoredRun | None:
        """Return a run by one point read."""
        row = self._runs.get(run_id, run_id)
        return None if row is None else _stored(row)

    def get_many(self, run_ids: Iterable[RunId]) -> Iterator[StoredRun]:
        """Return those of the runs that exist, by one point read each."""
        return (stored for stored in self._readers.map(self.get, run_ids) if stored is not None)

    def announce(self, run: TaskRun) -> None:
        """Write the run into the index, as active."""
        self._index.announce(run)

    def insert(self, run: TaskRun) -> StoredRun | None:
        """Write a new run; None where the run exists already."""
        try:
            etag = self._runs.insert(_row(run))
        except RowExists:
            return None
        return StoredRun(run=run, etag=etag)

    def save(self, stored: StoredRun, run: TaskRun) -> StoredRun:
        """Replace a run that is as it was read, or raise `StaleETag`."""
        return StoredRun(run=run, etag=self._runs.replace(_row(run, etag=stored.etag)))

    def forget(self, stored: StoredRun) -> None:
        """Delete a run that is as it was read, or raise `StaleETag`; its listing stays."""
        run_id = stored.run.run_id
        self._runs.delete(run_id, run_id, etag=stored.etag)

    def settle(self, run: TaskRun) -> None:
        """Record a run's outcome in the index and take it off the active ones."""
        self._index.settle(run)

    def withdraw(self, owed: ActiveRun) -> None:
        """Remove an announcement that no run stands behind."""
        self._index.withdraw(owed)

    def owed(self) -> Iterator[ActiveRun]:
        """Yield the active runs."""
        return (entry.run for entry in self._index.active())

    def shards(self) -> list[str]:
        """Return the shards that have had runs."""
        return self._index.shards()

    def page(self, listing: Listing) -> Page[TaskRun]:
        """Return runs, newest first; a page may be shorter than its limit and still go on."""
        after = _position(listing.continuation_token)
        found: list[TaskRun] = []
        for examined, (entry, run) in enumerate(self._candidates(listing, after), start=1):
            if run is not None and _wanted(run, listing):
                found.append(run)
            if len(found) == listing.limit or examined == _MOST_EXAMINED:
                return Page(items=found, continuation_token=entry.position)
        return Page(items=[*found, *self._root(listing)])

    def _candidates(
        self, listing: Listing, after: str | None
    ) -> Iterator[tuple[Entry, TaskRun | None]]:
        """Yield entries with their runs, read some ahead; None for an entry without a run."""
        entries = (
            entry
            for entry in self._index.newest(_prefix(listing), after=after)
            if _may_be_wanted(entry.run, listing)
        )
        while batch := list(islice(entries, listing.limit)):
            read = self.get_many([entry.run.run_id for entry in batch])
            runs = {stored.run.run_id: stored.run for stored in read}
            for entry in batch:
                run = runs.get(entry.run.run_id)
                # A crash can leave two announcements of one run: its own time tells the right one.
                genuine = run is not None and run.queued_at == entry.run.queued_at
                yield entry, run if genuine else None

    def _root(self, listing: Listing) -> Iterator[TaskRun]:
        """Yield the root of the graph run that is listed, which its descendants lead to."""
        if listing.graph_run_id is None:
            return
        stored = self.get(listing.graph_run_id)
        if stored is not None and _wanted(stored.run, listing):
            yield stored.run


def _prefix(listing: Listing) -> str:
    """Return the narrowest list that holds all that is wanted."""
    if listing.job is not None:
        return f"j~{listing.job}~"
    if listing.graph_run_id is not None:
        return f"g~{listing.graph_run_id}~"
    if listing.task is not None:
        return f"t~{listing.task}~"
    if listing.status is None:
        return "r~"
    return f"s~{listing.status}~" if listing.status.is_terminal else "a~"


def _may_be_wanted(entry: ActiveRun, listing: Listing) -> bool:
    """Tell, before its run is read, whether an entry can be of the list; active runs are mixed."""
    return (entry.job or None) == listing.job and listing.task in {None, entry.task}


def _wanted(run: TaskRun, listing: Listing) -> bool:
    return (
        _may_be_wanted(owed(run), listing)
        and (listing.status is None or run.status is listing.status)
        and (listing.graph_run_id is None or run.graph_run_id == listing.graph_run_id)
    )


def _position(token: str | None) -> str | None:
    if token is None:
        return None
    place, _, run_id = token.partition("~")
    if not (place.isdecimal() and len(place) == 13 and run_id.isalnum() and run_id.isascii()):
        raise Malformed.at("continuationToken", "use the token of an earlier answer unchanged")
    return token


def _row(run: TaskRun, *, etag: str = "") -> Row:
    return Row(run.run_id, run.run_id, split_text(_DOCUMENT, encode_run(run)), etag)


def _stored(row: Row) -> StoredRun:
    document = join_text(_DOCUMENT, row.values)
    if document is None:
        raise Broken("a stored run has no document")
    return StoredRun(run=decode_run(document), etag=row.etag)
