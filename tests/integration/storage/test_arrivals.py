"""The events that arrivals collect and their batches, in Table Storage and in SQLite."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from polysync_core.domain.arrivals.batches import Batch
from polysync_core.domain.arrivals.event import Event
from polysync_core.domain.arrivals.outcomes import LoggedEvent
from polysync_core.domain.arrivals.run_arrival import ReceivedEvent
from polysync_core.domain.errors import StaleETag
from polysync_core.storage.arrivals import TableArrivals
from polysync_core.storage.tables import Tables
from tests.fakes.builders import NOON

pytestmark = pytest.mark.azurite

LATER = NOON + timedelta(minutes=5)


def an_event(number: int, *, after: int = 0) -> ReceivedEvent:
    event = Event(id=str(number), source="lake", type="t", data={"number": number})
    return ReceivedEvent(event=event, received_at=NOON + timedelta(seconds=after))


def test_events_are_read_in_the_order_of_their_arrival_and_once(storage: Tables) -> None:
    store = TableArrivals(storage)
    assert store.add("load~2", "new", an_event(1, after=2))
    assert store.add("load~2", "new", an_event(2, after=1))
    assert not store.add("load~2", "new", an_event(1, after=9))
    assert not store.add("load~2", "new", an_event(1, after=7 * 24 * 3600))

    found = store.events("load~2", "new", limit=10).events

    assert [each.received for each in found] == [an_event(2, after=1), an_event(1, after=2)]
    keys = [each.key for each in found]
    store.discard("load~2", "new", keys[:1])
    assert [each.key for each in store.read("load~2", "new", keys)] == keys[1:]
    assert store.events("load", "new", limit=10).events == []


def test_a_batch_is_found_by_its_due_time(storage: Tables) -> None:
    store = TableArrivals(storage)
    batch = Batch(task="load", identity="load~2", arrival="new", due=LATER)
    stored = store.put(batch, replacing=None)
    with pytest.raises(StaleETag):
        store.put(batch, replacing=None)
    assert store.next_due(after=NOON) == LATER
    assert store.due(NOON, limit=5) == []

    moved = store.put(replace(batch, due=NOON), replacing=stored)

    assert [(each.identity, each.arrival) for each in store.due(NOON, limit=5)] == [
        ("load~2", "new")
    ]
    assert store.of_task("load~2") == [moved]
    with pytest.raises(StaleETag):
        store.remove(stored)
    store.remove(moved)
    assert store.get("load~2", "new") is None
    assert store.next_due(after=NOON - timedelta(days=1)) is None


def test_the_purge_deletes_old_events(storage: Tables) -> None:
    store = TableArrivals(storage)
    old, new = an_event(1), an_event(2, after=15 * 24 * 3600)
    for each in (old, new):
        store.add("load", "new", each)
        store.record(LoggedEvent(received=each, outcomes=()))
    assert [each.received for each in store.recent(limit=5)] == [new, old]

    deleted = store.purge(NOON + timedelta(days=8), lambda: True)

    assert deleted == 2
    assert [each.received for each in store.recent(limit=5)] == [new]
