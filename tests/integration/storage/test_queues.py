"""Messages in Queue Storage, as the Functions host reads them."""

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


class PrivateQueue:
    """A queue of this test alone, and an SDK client that reads it."""

    def __init__(self, connection: StorageConnection) -> None:
        self.name = f"q{uuid.uuid4().hex[:12]}"
        self.storage = QueueStorage(connection)
        self.queue: Queue = self.storage.queue(self.name)
        self.reader = QueueClient.from_connection_string(
            connection.connection_string or "", self.name
        )

    def texts(self) -> list[str]:
        messages = self.reader.receive_messages(messages_per_page=32)
        return [base64.b64decode(message.content).decode() for message in messages]


@pytest.fixture
def private_queue(azurite: StorageConnection) -> Iterator[PrivateQueue]:
    opened = PrivateQueue(azurite)
    yield opened
    opened.storage.close()
    opened.reader.close()


def test_the_first_message_creates_the_queue_and_the_order_is_kept(
    private_queue: PrivateQueue,
) -> None:
    for text in ("one", "zwei ü", "<three & ”3”>"):
        private_queue.queue.send(text)
    assert private_queue.texts() == ["one", "zwei ü", "<three & ”3”>"]


def test_a_delayed_message_is_not_visible_yet(private_queue: PrivateQueue) -> None:
    private_queue.queue.send("later", delay_seconds=3600)
    assert private_queue.texts() == []
    assert private_queue.reader.get_queue_properties().approximate_message_count == 1


def test_concurrent_first_messages_all_arrive(private_queue: PrivateQueue) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(private_queue.queue.send, map(str, range(8))))
    assert sorted(private_queue.texts()) == [str(number) for number in range(8)]


def test_the_largest_message_fits_and_one_byte_more_is_refused(private_queue: PrivateQueue) -> None:
    private_queue.queue.send("x" * MAX_MESSAGE_BYTES)
    with pytest.raises(TooLarge):
        private_queue.queue.send("x" * (MAX_MESSAGE_BYTES + 1))
    assert [len(text) for text in private_queue.texts()] == [MAX_MESSAGE_BYTES]


def test_an_unreachable_queue_is_unavailable_after_two_retries() -> None:
    pauses: list[float] = []
    connection = StorageConnection(
        connection_string="DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
        "QueueEndpoint=http://127.0.0.1:9/a"
    )
    storage = QueueStorage(connection, sleep=pauses.append)
    with pytest.raises(Unavailable):
        storage.queue("events").send("x")
    assert len(pauses) == 2


def test_a_wrong_key_is_reported_as_a_missing_role(azurite: StorageConnection) -> None:
    text = (azurite.connection_string or "").replace("AccountKey=Eby", "AccountKey=AAA")
    storage = QueueStorage(StorageConnection(connection_string=text))
    with pytest.raises(Unavailable, match="Storage Queue Data Contributor"):
        storage.queue("events").send("x")
    storage.close()
