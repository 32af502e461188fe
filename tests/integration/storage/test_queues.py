"""Messages in Queue Storage, as the Functions host will read them."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.storage.queue import QueueClient

from polysync_core.domain.errors import TooLarge, Unavailable
from polysync_core.storage.azure.connection import StorageConnection
from polysync_core.storage.azure.queues import MAX_MESSAGE_BYTES, Queue, QueueStorage

pytestmark = pytest.mark.azurite


class Desk:
    """A queue that no other test sees, and the SDK's own view of it."""

    def __init__(self, connection: StorageConnection) -> None:
        self.name = f"q{uuid.uuid4().hex[:12]}"
        self.storage = QueueStorage(connection)
        self.queue: Queue = self.storage.queue(self.name)
        self.seen = QueueClient.from_connection_string(
            connection.connection_string or "", self.name
        )

    def texts(self) -> list[str]:
        messages = self.seen.receive_messages(messages_per_page=32)
        return [base64.b64decode(message.content).decode() for message in messages]


@pytest.fixture
def desk(azurite: StorageConnection) -> Iterator[Desk]:
    opened = Desk(azurite)
    yield opened
    opened.storage.close()
    opened.seen.close()


def test_the_first_message_makes_the_queue_and_the_order_stays(desk: Desk) -> None:
    for text in ("one", "zwei ü", "<three & ”3”>"):
        desk.queue.send(text)
    assert desk.texts() == ["one", "zwei ü", "<three & ”3”>"]


def test_a_delayed_message_is_not_seen_yet(desk: Desk) -> None:
    desk.queue.send("later", delay_seconds=3600)
    assert desk.texts() == []
    assert desk.seen.get_queue_properties().approximate_message_count == 1


def test_first_messages_at_the_same_time_all_arrive(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(desk.queue.send, map(str, range(8))))
    assert sorted(desk.texts()) == [str(number) for number in range(8)]


def test_the_largest_message_fits_and_one_byte_more_is_refused(desk: Desk) -> None:
    desk.queue.send("x" * MAX_MESSAGE_BYTES)
    with pytest.raises(TooLarge):
        desk.queue.send("x" * (MAX_MESSAGE_BYTES + 1))
    assert [len(text) for text in desk.texts()] == [MAX_MESSAGE_BYTES]


def test_a_queue_that_cannot_be_reached_is_unavailable_after_some_tries() -> None:
    pauses: list[float] = []
    connection = StorageConnection(
        connection_string="DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
        "QueueEndpoint=http://127.0.0.1:9/a"
    )
    storage = QueueStorage(connection, sleep=pauses.append)
    with pytest.raises(Unavailable):
        storage.queue("events").send("x")
    assert len(pauses) == 2


def test_a_wrong_key_is_told_as_the_role_that_is_missing(azurite: StorageConnection) -> None:
    text = (azurite.connection_string or "").replace("AccountKey=Eby", "AccountKey=AAA")
    storage = QueueStorage(StorageConnection(connection_string=text))
    with pytest.raises(Unavailable, match="Storage Queue Data Contributor"):
        storage.queue("events").send("x")
    storage.close()
