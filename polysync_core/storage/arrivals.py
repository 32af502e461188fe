"""Stores received events and event batches in tables, with an index of due times.

    batches                | b~<identity>:<arrival>          a batch; its ETag guards every change
    batches                | d~<due>~<identity>:<arrival>    its index entry, in epoch milliseconds
    log                    | <newest first>~<key>~<token>    a received event with its outcomes
    <identity>:<arrival>   | e~<received>~<key>              a collected event
    <identity>:<arrival>   | x~<week>~<key>                  a deduplication row of an event

An event is written together with its deduplication row, and does not touch the batch. So many
events can arrive at the same time. The deduplication rows of two weeks are compared, and the purge
deletes older ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from polysync_core.domain.arrivals.batches import (
    MAX_BYTES,
    Batch,
    Collected,
    CollectedEvent,
    DueBatch,
    StoredBatch,
)
from polysync_core.domain.arrivals.codec import (
    decode_batch,
    decode_event,
    decode_logged,
    encode_batch,
    encode_event,
    encode_logged,
)
from polysync_core.domain.arrivals.outcomes import LoggedEvent
from polysync_core.domain.arrivals.run_arrival import ReceivedEvent
from polysync_core.domain.dispatch.state import millis, moment
from polysync_core.domain.errors import Broken, StaleETag
from polysync_core.storage.operations.purging import More, delete_batch, delete_rows, partitions
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import (
    Change,
    Operation,
    Row,
    RowExists,
    RowRange,
    end_of_prefix,
    new_fingerprint,
)
from polysync_core.storage.tables import Tables

_BATCHES = "batches"
_BATCH = "b~"
_DUE = "d~"
_LOG = "log"
_FAR_FUTURE = 9_999_999_999_999
"""Epoch milliseconds; keys are the difference to this time, so the newest sorts first."""
_EVENT = "e~"
_SEEN = "x~"
_DOCUMENT = "document"
_WEEK = timedelta(weeks=1) // timedelta(milliseconds=1)


class TableArrivals:
    """Implements `ArrivalStore` on the table `Arrivals`."""

    def __init__(self, storage: Tables) -> None:
        self._table = storage.table("Arrivals")

    def add(self, identity: str, arrival: str, received: ReceivedEvent) -> bool:
        """Add an event; return False if it was added before, in this week or the last one."""
        partition, key = _partition(identity, arrival), received.event.key
        at = millis(received.received_at)
        if self._table.get(partition, _seen(at // _WEEK - 1, key)) is not None:
            return False
        document = split_text(_DOCUMENT, encode_event(received))
        rows = [
            Row(partition, _seen(at // _WEEK, key), {}),
            Row(partition, f"{_EVENT}{at:013}~{key}", document),
        ]
        try:
            self._table.transact([Operation(Change.INSERT, row) for row in rows])
        except RowExists:
            return False
        return True

    def record(self, logged: LoggedEvent) -> None:
        """Add a received event to the log of all Tasks."""
        at, key = logged.received.received_at, logged.received.event.key
        document = split_text(_DOCUMENT, encode_logged(logged))
        self._table.upsert(Row(_LOG, f"{_newest_first(at)}~{key}~{new_fingerprint()}", document))

    def recent(self, *, limit: int) -> list[LoggedEvent]:
        """Return the newest received events of all Tasks by one range read."""
        rows = self._table.page(RowRange(_LOG), limit=limit).rows
        texts = (join_text(_DOCUMENT, row.values) for row in rows)
        return [decode_logged(text) for text in texts if text is not None]

    def get(self, identity: str, arrival: str) -> StoredBatch | None:
        """Return a batch by one point read."""
        row = self._table.get(_BATCHES, _BATCH + _partition(identity, arrival))
        return None if row is None else _stored(row)

    def of_task(self, identity: str) -> list[StoredBatch]:
        """Return the batches of a Task by one short range read."""
        rows = self._table.rows(RowRange.prefixed(_BATCHES, f"{_BATCH}{identity}:"))
        return [_stored(row) for row in rows]

    def put(self, batch: Batch, *, replacing: StoredBatch | None) -> StoredBatch:
        """Write a batch with its index entry; raise `StaleETag` if the row has changed."""
        values = split_text(_DOCUMENT, encode_batch(batch))
        change = Change.INSERT if replacing is None else Change.REPLACE
        etag = "" if replacing is None else replacing.etag
        operations = [Operation(change, Row(_BATCHES, _key(batch), values, etag))]
        entry = _entry(batch)
        former = None if replacing is None else _entry(replacing.batch)
        if former is not None and former != entry:
            operations.append(Operation(Change.DELETE, Row(_BATCHES, former, {})))
        if former != entry:
            operations.append(Operation(Change.REPLACE, Row(_BATCHES, entry, {})))
        try:
            written, *_ = self._table.transact(operations)
        except RowExists as taken:
            raise StaleETag from taken
        return StoredBatch(batch=batch, etag=written)

    def remove(self, stored: StoredBatch) -> None:
        """Delete an unchanged batch with its index entry; otherwise raise `StaleETag`."""
        rows = [
            Row(_BATCHES, _key(stored.batch), {}, stored.etag),
            Row(_BATCHES, _entry(stored.batch), {}),
        ]
        self._table.transact([Operation(Change.DELETE, row) for row in rows])

    def next_due(self, *, after: datetime) -> datetime | None:
        """Return the first due time after a time, by one short range read."""
        later = RowRange(_BATCHES, f"{_DUE}{millis(after) + 1:013}", end_of_prefix(_DUE))
        found = self._table.keys(later, limit=1)
        return _due(found[0]).at if found else None

    def due(self, now: datetime, *, limit: int) -> list[DueBatch]:
        """Return the batches that are due, the oldest first."""
        until = RowRange(_BATCHES, _DUE, f"{_DUE}{millis(now) + 1:013}")
        return [_due(key) for key in self._table.keys(until, limit=limit)]

    def events(self, identity: str, arrival: str, *, limit: int) -> Collected:
        """Return the first events of a batch; the size of a batch and `limit` bound the cost."""
        found: list[CollectedEvent] = []
        size = 0
        for row in self._table.rows(RowRange.prefixed(_partition(identity, arrival), _EVENT)):
            size += len((join_text(_DOCUMENT, row.values) or "").encode())
            if found and size > MAX_BYTES:
                return Collected(events=found, full=True)
            found.append(_event(row))
            if len(found) == limit:
                break
        return Collected(events=found)

    def read(self, identity: str, arrival: str, keys: Sequence[str]) -> list[CollectedEvent]:
        """Return the events of some keys that still exist."""
        partition = _partition(identity, arrival)
        rows = self._table.get_many((partition, key) for key in keys)
        return [_event(row) for row in rows]

    def discard(self, identity: str, arrival: str, keys: Sequence[str]) -> None:
        """Delete the events of some keys; they stay known as received."""
        partition = _partition(identity, arrival)
        delete_batch(self._table, [Row(partition, key, {}) for key in keys])

    def purge(self, before: datetime, more: More) -> int:
        """Delete old events of the log, and deduplication rows that are no longer compared."""
        week = millis(before) // _WEEK
        logged = delete_rows(self._table, RowRange(_LOG, f"{_newest_first(before)}~"), more)
        return logged + sum(
            delete_rows(self._table, RowRange(partition, _SEEN, _seen(week, "")), more)
            for partition in _of_arrivals(partitions(self._table, more))
        )


def _newest_first(at: datetime) -> str:
    return f"{_FAR_FUTURE - millis(at):013}"


def _of_arrivals(found: Iterator[str]) -> Iterator[str]:
    return (partition for partition in found if ":" in partition)


def _partition(identity: str, arrival: str) -> str:
    return f"{identity}:{arrival}"


def _seen(week: int, key: str) -> str:
    return f"{_SEEN}{week:06}~{key}"


def _key(batch: Batch) -> str:
    return _BATCH + _partition(batch.identity, batch.arrival)


def _entry(batch: Batch) -> str:
    return f"{_DUE}{millis(batch.due):013}~{_partition(batch.identity, batch.arrival)}"


def _due(key: str) -> DueBatch:
    _, due, name = key.split("~", 2)
    identity, _, arrival = name.rpartition(":")
    return DueBatch(identity=identity, arrival=arrival, at=moment(int(due)))


def _event(row: Row) -> CollectedEvent:
    text = join_text(_DOCUMENT, row.values)
    if text is None:
        raise Broken("a stored event has no document")
    return CollectedEvent(key=row.key, received=decode_event(text))


def _stored(row: Row) -> StoredBatch:
    text = join_text(_DOCUMENT, row.values)
    if text is None:
        raise Broken("a stored batch has no document")
    return StoredBatch(batch=decode_batch(text), etag=row.etag)
