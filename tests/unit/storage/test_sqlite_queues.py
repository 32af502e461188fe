"""The queues in a SQLite file, with the rules of Azure Queue Storage."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from polysync_core.domain.errors import TooLarge
from polysync_core.storage.sqlite.database import Database
from polysync_core.storage.sqlite.queues import MAX_MESSAGE_BYTES, SqliteQueue, SqliteQueues


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queues(tmp_path: Path, clock: Clock) -> Iterator[SqliteQueues]:
    database = Database(tmp_path / "polysync.db")
    yield SqliteQueues(database, now=clock)
    database.close()


@pytest.fixture
def queue(queues: SqliteQueues) -> SqliteQueue:
    return queues.queue("q")


def texts(queue: SqliteQueue) -> list[str]:
    received = queue.receive(32, hidden_seconds=30)
    return [base64.b64decode(each.content).decode() for each in received]


def test_messages_arrive_in_order_as_base64(queue: SqliteQueue) -> None:
    for text in ("one", "zwei ü", "<three>"):
        queue.send(text)
    assert texts(queue) == ["one", "zwei ü", "<three>"]


def test_a_message_is_received_only_from_its_own_queue(queues: SqliteQueues) -> None:
    queues.queue("a").send("for a")
    assert texts(queues.queue("b")) == []
    assert texts(queues.queue("a")) == ["for a"]


def test_a_received_message_is_hidden_until_its_time_is_over(
    queue: SqliteQueue, clock: Clock
) -> None:
    queue.send("m")
    first = queue.receive(1, hidden_seconds=30)[0]
    assert queue.receive(1, hidden_seconds=30) == []

    clock.now += 31
    second = queue.receive(1, hidden_seconds=30)[0]

    assert (first.dequeue_count, second.dequeue_count) == (1, 2)
    assert not queue.delete(first)
    assert queue.delete(second)


def test_an_old_receipt_cannot_hide_a_message(queue: SqliteQueue, clock: Clock) -> None:
    queue.send("m")
    old = queue.receive(1, hidden_seconds=1)[0]
    clock.now += 2
    queue.receive(1, hidden_seconds=30)

    assert not queue.hide(old, 60)


def test_a_hidden_message_can_be_shown_again_at_once(queue: SqliteQueue) -> None:
    queue.send("m")
    message = queue.receive(1, hidden_seconds=30)[0]

    assert queue.hide(message, 0)

    assert queue.receive(1, hidden_seconds=30)[0].dequeue_count == 2


def test_a_delayed_message_is_announced_and_received_at_its_time(
    queue: SqliteQueue, clock: Clock
) -> None:
    queue.send("later", delay_seconds=60)
    assert texts(queue) == []
    assert queue.seconds_to_next() == 60

    clock.now += 60
    assert queue.seconds_to_next() == 0
    assert texts(queue) == ["later"]


def test_an_empty_queue_announces_nothing(queue: SqliteQueue) -> None:
    assert queue.seconds_to_next() is None


def test_a_message_expires_after_a_week(queue: SqliteQueue, clock: Clock) -> None:
    queue.send("old")
    clock.now += 7 * 86_400 + 1
    assert texts(queue) == []
    assert queue.seconds_to_next() is None


def test_a_message_beyond_the_limit_of_queue_storage_is_refused(queue: SqliteQueue) -> None:
    queue.send("x" * MAX_MESSAGE_BYTES)
    with pytest.raises(TooLarge):
        queue.send("x" * (MAX_MESSAGE_BYTES + 1))


def test_many_receivers_get_each_message_once(queue: SqliteQueue) -> None:
    for number in range(100):
        queue.send(str(number))

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: queue.receive(5, hidden_seconds=30), range(40)))

    ids = [message.id for part in found for message in part]
    assert len(ids) == len(set(ids)) == 100


def test_a_listener_is_called_after_the_message_is_stored(queue: SqliteQueue) -> None:
    seen: list[float | None] = []
    queue.listen(lambda: seen.append(queue.seconds_to_next()))

    queue.send("m")

    assert seen == [0]
