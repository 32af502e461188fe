"""Queue triggers on Queue Storage, with the Functions host's rules.

Success deletes the message; a failure shows it again after `visibilityTimeout`; after
`maxDequeueCount` tries, or if it is not base64, it goes to `<queue>-poison`. A poison queue has
none of its own: a message that fails there stays hidden for a lease and is tried again.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from devhost.app.functions import Function
from devhost.app.messages import TypedData
from devhost.app.worker import Failure, FunctionApp

log = logging.getLogger(__name__)

_POISON = "-poison"
FIRST_PAUSE = 0.1
#: A message is hidden for this long while its function runs, and again and again until it ends;
#: after a crash of the host it is back after this, in seconds.
LEASE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRules:
    """What `extensions.queues` of host.json says."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    max_pause: float = 5.0
    visibility_timeout: int = 0
    base64: bool = True


class Fate(StrEnum):
    """What becomes of a message after a try."""

    DELETED = "deleted"
    SHOWN_AGAIN = "shown again"
    POISON = "poison"


def fate(*, succeeded: bool, dequeue_count: int, max_dequeue_count: int) -> Fate:
    """Return what becomes of a message after its `dequeue_count`-th try."""
    if succeeded:
        return Fate.DELETED
    return Fate.POISON if dequeue_count >= max_dequeue_count else Fate.SHOWN_AGAIN


def next_pause(pause: float, *, found: bool, longest: float) -> float:
    """Return how long to wait before looking again: shortly after work, longer when idle."""
    return min(FIRST_PAUSE, longest) if found else min(pause * 2, longest)


class QueueTrigger:
    """One queue function, called for each message."""

    def __init__(
        self, app: FunctionApp, function: Function, connection: str, rules: QueueRules
    ) -> None:
        self._app = app
        self._function = function
        self._rules = rules
        name = function.setting("queueName")
        self._is_poison = name.endswith(_POISON)
        self._queue = QueueClient.from_connection_string(connection, name)
        self._poison = QueueClient.from_connection_string(connection, f"{name}{_POISON}")
        self._running: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()

    async def run(self) -> None:
        """Look for messages until cancelled; storage that does not answer is asked again."""
        pause = FIRST_PAUSE
        while True:
            try:
                found = await self._fetch()
            except ResourceNotFoundError:
                found = await self._create(self._queue)
            except AzureError as failure:
                found = False
                log.warning(
                    "A queue cannot be read; it is tried again.",
                    extra={"queue": self._queue.queue_name, "error": type(failure).__name__},
                )
            pause = next_pause(pause, found=found, longest=self._rules.max_pause)
            if not found:
                await asyncio.sleep(pause)
            await self._room()

    async def close(self, grace: float) -> None:
        """Let calls that run finish for so many seconds, then let go of the queue."""
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        await self._queue.close()
        await self._poison.close()

    async def _room(self) -> None:
        while len(self._running) > self._rules.new_batch_threshold:
            self._freed.clear()
            await self._freed.wait()

    async def _fetch(self) -> bool:
        found = False
        wanted = min(self._rules.batch_size, 32)
        messages = self._queue.receive_messages(
            messages_per_page=wanted, max_messages=wanted, visibility_timeout=LEASE
        )
        async for message in messages:
            found = True
            task = asyncio.create_task(self._carry_out(message))
            self._running.add(task)
            task.add_done_callback(self._done)
        return found

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._freed.set()

    async def _create(self, queue: QueueClient) -> bool:
        with suppress(ResourceExistsError):
            await queue.create_queue()
        return False

    async def _carry_out(self, message: QueueMessage) -> None:
        renewal = asyncio.create_task(self._keep_hidden(message))
        try:
            end = await self._try(message)
        finally:
            renewal.cancel()
        try:
            await self._settle(message, end)
        except AzureError as failure:
            # It stays hidden for the rest of its lease and is then tried again.
            log.warning(
                "A message could not be settled.",
                extra={"queue": self._queue.queue_name, "error": type(failure).__name__},
            )

    async def _try(self, message: QueueMessage) -> Fate:
        try:
            body = decoded(message.content) if self._rules.base64 else message.content
        except ValueError:
            log.warning(
                "A message is not base64 and goes to the poison queue.",
                extra={"queue": self._queue.queue_name, "message_id": message.id},
            )
            return Fate.POISON
        data = TypedData(string=body) if isinstance(body, str) else TypedData(bytes=body)
        outcome = await self._app.invoke(self._function, data, metadata=_metadata(message))
        end = fate(
            succeeded=outcome.failure is None,
            dequeue_count=message.dequeue_count or 1,
            max_dequeue_count=self._rules.max_dequeue_count,
        )
        if outcome.failure is not None:
            self._report(message, outcome.failure, end)
        return end

    def _report(self, message: QueueMessage, failure: Failure, end: Fate) -> None:
        log.error(
            "A queue function failed.\n%s",
            failure.trace.rstrip(),
            extra={
                "action": "queue_function_failed",
                "function": self._function.name,
                "message_id": message.id,
                "dequeue_count": message.dequeue_count,
                "message_is": end.value,
            },
        )

    async def _settle(self, message: QueueMessage, end: Fate) -> None:
        match end:
            case Fate.SHOWN_AGAIN:
                timeout = self._rules.visibility_timeout
                await self._queue.update_message(message, visibility_timeout=timeout)
            case Fate.POISON if self._is_poison:
                # Hidden for the rest of its lease, as the Functions host leaves it.
                return
            case Fate.POISON:
                await self._send_to_poison(message)
                await self._delete(message)
            case Fate.DELETED:
                await self._delete(message)

    async def _delete(self, message: QueueMessage) -> None:
        with suppress(ResourceNotFoundError):
            await self._queue.delete_message(message)

    async def _send_to_poison(self, message: QueueMessage) -> None:
        try:
            await self._poison.send_message(message.content)
        except ResourceNotFoundError:
            await self._create(self._poison)
            await self._poison.send_message(message.content)

    async def _keep_hidden(self, message: QueueMessage) -> None:
        while True:
            await asyncio.sleep(LEASE / 2)
            try:
                renewed = await self._queue.update_message(message, visibility_timeout=LEASE)
            except AzureError as failure:
                log.warning(
                    "A message could not be kept hidden; it may be handled twice.",
                    extra={"queue": self._queue.queue_name, "error": type(failure).__name__},
                )
                return
            message.pop_receipt = renewed.pop_receipt


def decoded(content: str) -> str | bytes:
    """Return what a base64 message says: text where it is UTF-8, else the bytes.

    Raises:
        ValueError: it is not base64.
    """
    try:
        raw = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _metadata(message: QueueMessage) -> Mapping[str, TypedData]:
    return {
        "Id": TypedData(string=message.id),
        "DequeueCount": TypedData(json=json.dumps(message.dequeue_count or 1)),
        "PopReceipt": TypedData(string=message.pop_receipt or ""),
        "InsertionTime": TypedData(json=_time(message.inserted_on)),
        "ExpirationTime": TypedData(json=_time(message.expires_on)),
        "NextVisibleTime": TypedData(json=_time(message.next_visible_on)),
    }


def _time(moment: datetime | None) -> str:
    return json.dumps(moment.isoformat() if moment else "")
