"""Receives, hides and deletes queue messages, in Queue Storage or in a SQLite file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue.aio import QueueClient

from polysync_core.domain.errors import Unavailable
from polysync_core.storage.sqlite.database import path_of, shared_database
from polysync_core.storage.sqlite.queues import ReceivedMessage, SqliteQueues

#: Seconds for which a message is hidden while its function runs. The trigger renews the lease
#: until the function ends; after a crash of the host the message is visible after this time.
LEASE = 30
MAX_MESSAGES = 32
"""The most messages that Queue Storage returns at once."""
POISON = "-poison"


class QueueUnavailable(Exception):
    """The storage of a queue does not answer; the message is the type of the error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that this host has received and that is hidden from others."""

    id: str
    content: str
    dequeue_count: int
    receipt: str
    inserted_at: datetime
    expires_at: datetime
    visible_at: datetime
    handle: Any
    """The message as its storage knows it."""


class MessageQueue(Protocol):
    """A queue and its poison queue. Every call may raise `QueueUnavailable`."""

    name: str

    async def receive(self, limit: int) -> list[Message]:
        """Return visible messages, hidden from others for one lease."""
        ...

    async def renew(self, message: Message) -> None:
        """Hide a message for one more lease."""
        ...

    async def show_again(self, message: Message, seconds: int) -> None:
        """Make a message visible after some seconds."""
        ...

    async def delete(self, message: Message) -> None:
        """Delete a message, unless another receiver has it."""
        ...

    async def send_to_poison(self, message: Message) -> None:
        """Copy a message to the poison queue."""
        ...

    async def wait(self, longest: float) -> None:
        """Wait until a message may be visible, or until the time is over."""
        ...

    async def close(self) -> None:
        """Release the connections."""
        ...


def open_queue(connection: str, name: str) -> MessageQueue:
    """Return the queue of a name in the storage that a setting names."""
    path = path_of(connection)
    return AzureQueue(connection, name) if path is None else SqliteMessages(path, name)


class AzureQueue:
    """A queue in Queue Storage; a missing queue is created."""

    def __init__(self, connection: str, name: str) -> None:
        self.name = name
        self._queue = QueueClient.from_connection_string(connection, name)
        self._poison = QueueClient.from_connection_string(connection, f"{name}{POISON}")

    async def receive(self, limit: int) -> list[Message]:
        """Return visible messages, hidden from others for one lease."""
        wanted = min(limit, MAX_MESSAGES)
        received = self._queue.receive_messages(
            messages_per_page=wanted, max_messages=wanted, visibility_timeout=LEASE
        )
        try:
            return [_of_azure(message) async for message in received]
        except ResourceNotFoundError:
            await self._create(self._queue)
            return []
        except AzureError as error:
            raise QueueUnavailable(type(error).__name__) from error

    async def renew(self, message: Message) -> None:
        """Hide a message for one more lease."""
        renewed = await _answered(
            self._queue.update_message(message.handle, visibility_timeout=LEASE)
        )
        message.handle.pop_receipt = renewed.pop_receipt

    async def show_again(self, message: Message, seconds: int) -> None:
        """Make a message visible after some seconds."""
        await _answered(self._queue.update_message(message.handle, visibility_timeout=seconds))

    async def delete(self, message: Message) -> None:
        """Delete a message, unless another receiver has it."""
        with suppress(ResourceNotFoundError):
            await _answered(self._queue.delete_message(message.handle))

    async def send_to_poison(self, message: Message) -> None:
        """Copy a message to the poison queue."""
        try:
            await _answered(self._poison.send_message(message.content))
        except ResourceNotFoundError:
            await self._create(self._poison)
            await _answered(self._poison.send_message(message.content))

    async def wait(self, longest: float) -> None:
        """Wait until the time is over; Queue Storage cannot announce messages."""
        await asyncio.sleep(longest)

    async def close(self) -> None:
        """Release the connections."""
        await self._queue.close()
        await self._poison.close()

    async def _create(self, queue: QueueClient) -> None:
        with suppress(ResourceExistsError):
            await _answered(queue.create_queue())


class SqliteMessages:
    """A queue in a SQLite file of this process."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        queues = SqliteQueues(shared_database(path))
        self._queue, self._poison = queues.queue(name), queues.queue(f"{name}{POISON}")
        self._sent = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._sent.set)

        self._queue.listen(wake)

    async def receive(self, limit: int) -> list[Message]:
        """Return visible messages, hidden from others for one lease."""
        self._sent.clear()
        found = await _in_thread(lambda: self._queue.receive(limit, hidden_seconds=LEASE))
        return list(map(_of_sqlite, found))

    async def renew(self, message: Message) -> None:
        """Hide a message for one more lease."""
        await _in_thread(lambda: self._queue.hide(message.handle, LEASE))

    async def show_again(self, message: Message, seconds: int) -> None:
        """Make a message visible after some seconds."""
        await _in_thread(lambda: self._queue.hide(message.handle, seconds))
        self._sent.set()

    async def delete(self, message: Message) -> None:
        """Delete a message, unless another receiver has it."""
        await _in_thread(lambda: self._queue.delete(message.handle))

    async def send_to_poison(self, message: Message) -> None:
        """Copy a message to the poison queue."""
        await _in_thread(lambda: self._poison.put(message.content))

    async def wait(self, longest: float) -> None:
        """Wait until a message is sent or becomes visible, or until the time is over."""
        due = await _in_thread(self._queue.seconds_to_next)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sent.wait(), longest if due is None else min(longest, due))

    async def close(self) -> None:
        """Do nothing: the file stays open until the process ends."""


async def _answered[T](call: Awaitable[T]) -> T:
    """Return the answer of Queue Storage. A missing queue or message stays its own error."""
    try:
        return await call
    except (ResourceNotFoundError, ResourceExistsError):
        raise
    except AzureError as error:
        raise QueueUnavailable(type(error).__name__) from error


async def _in_thread[T](call: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(call)
    except Unavailable as error:
        raise QueueUnavailable(type(error).__name__) from error


def _of_azure(message: Any) -> Message:
    return Message(
        id=message.id,
        content=message.content,
        dequeue_count=message.dequeue_count or 1,
        receipt=message.pop_receipt or "",
        inserted_at=message.inserted_on,
        expires_at=message.expires_on,
        visible_at=message.next_visible_on,
        handle=message,
    )


def _of_sqlite(message: ReceivedMessage) -> Message:
    return Message(
        id=str(message.id),
        content=message.content,
        dequeue_count=message.dequeue_count,
        receipt=message.receipt,
        inserted_at=datetime.fromtimestamp(message.inserted_at, UTC),
        expires_at=datetime.fromtimestamp(message.expires_at, UTC),
        visible_at=datetime.fromtimestamp(message.visible_at, UTC),
        handle=message,
    )
