"""Polls queues for queue triggers, with the retry rules of the Functions host.

A success deletes the message. After a failure the message is visible again after
`visibilityTimeout`. After `maxDequeueCount` tries, or if it is not base64, the message moves to
`<queue>-poison`. A poison queue has no poison queue: a message that fails there stays hidden for
one lease, and then the trigger tries it again.
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
#: Seconds for which a message is hidden while its function runs. The trigger renews the lease
#: until the function ends; after a crash of the host the message is visible after this time.
LEASE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRules:
    """The section `extensions.queues` of host.json."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    max_pause: float = 5.0
    visibility_timeout: int = 0
    base64: bool = True


class Disposition(StrEnum):
    """The next state of a message after a try."""

    DELETED = "deleted"
    SHOWN_AGAIN = "shown again"
    POISON = "poison"


def disposition_of(*, succeeded: bool, dequeue_count: int, max_dequeue_count: int) -> Disposition:
    """Return the next state of a message after its `dequeue_count`-th try."""
    if succeeded:
        return Disposition.DELETED
    return Disposition.POISON if dequeue_count >= max_dequeue_count else Disposition.SHOWN_AGAIN


def next_pause(pause: float, *, found: bool, longest: float) -> float:
    """Return the delay before the next poll: short after work, longer when idle."""
    return min(FIRST_PAUSE, longest) if found else min(pause * 2, longest)


class QueueTrigger:
    """Calls one queue function for each message."""

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
        """Poll for messages until cancelled; retry if storage does not answer."""
        pause = FIRST_PAUSE
        while True:
            try:
                found = await self._fetch()
            except ResourceNotFoundError:
                found = await self._create(self._queue)
            except AzureError as failure:
                found = False
                log.warning(
                    "A queue cannot be read; the host tries again.",
                    extra={"queue": self._queue.queue_name, "error": type(failure).__name__},
                )
            pause = next_pause(pause, found=found, longest=self._rules.max_pause)
            if not found:
                await asyncio.sleep(pause)
            await self._wait_for_capacity()

    async def close(self, grace: float) -> None:
        """Wait up to `grace` seconds for running calls, then close the queue."""
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        await self._queue.close()
        await self._poison.close()

    async def _wait_for_capacity(self) -> None:
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
            task = asyncio.create_task(self._process(message))
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

    async def _process(self, message: QueueMessage) -> None:
        renewal = asyncio.create_task(self._keep_hidden(message))
        try:
            disposition = await self._try(message)
        finally:
            renewal.cancel()
        try:
            await self._apply(message, disposition)
        except AzureError as failure:
            # The message stays hidden for the rest of its lease; then the trigger tries it again.
            log.warning(
                "The state of a message could not be changed.",
                extra={"queue": self._queue.queue_name, "error": type(failure).__name__},
            )

    async def _try(self, message: QueueMessage) -> Disposition:
        try:
            body = decoded(message.content) if self._rules.base64 else message.content
        except ValueError:
            log.warning(
                "A message is not base64; it moves to the poison queue.",
                extra={"queue": self._queue.queue_name, "message_id": message.id},
            )
            return Disposition.POISON
        data = TypedData(string=body) if isinstance(body, str) else TypedData(bytes=body)
        outcome = await self._app.invoke(self._function, data, metadata=_metadata(message))
        disposition = disposition_of(
            succeeded=outcome.failure is None,
            dequeue_count=message.dequeue_count or 1,
            max_dequeue_count=self._rules.max_dequeue_count,
        )
        if outcome.failure is not None:
            self._report(message, outcome.failure, disposition)
        return disposition

    def _report(self, message: QueueMessage, failure: Failure, disposition: Disposition) -> None:
        log.error(
            "A queue function failed.\n%s",
            failure.trace.rstrip(),
            extra={
                "action": "queue_function_failed",
                "function": self._function.name,
                "message_id": message.id,
                "dequeue_count": message.dequeue_count,
                "message_is": disposition.value,
            },
        )

    async def _apply(self, message: QueueMessage, disposition: Disposition) -> None:
        match disposition:
            case Disposition.SHOWN_AGAIN:
                timeout = self._rules.visibility_timeout
                await self._queue.update_message(message, visibility_timeout=timeout)
            case Disposition.POISON if self._is_poison:
                # The message stays hidden for the rest of its lease, as in the Functions host.
                return
            case Disposition.POISON:
                await self._send_to_poison(message)
                await self._delete(message)
            case Disposition.DELETED:
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
                    "The lease of a message was not renewed; the message may be processed twice.",
                    extra={"queue": self._queue.queue_name, "error": type(failure).__name__},
                )
                return
            message.pop_receipt = renewed.pop_receipt


def decoded(content: str) -> str | bytes:
    """Return the content of a base64 message: text if it is UTF-8, otherwise bytes.

    Raises:
        ValueError: the content is not base64.
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
