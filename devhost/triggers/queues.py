"""Polls queues and calls their functions, with the retry rules of the Functions host.

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
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from devhost.app.functions import Function
from devhost.app.messages import TypedData
from devhost.app.worker import Failure, FunctionApp
from devhost.triggers.message_queues import (
    LEASE,
    MAX_MESSAGES,
    POISON,
    Message,
    QueueUnavailable,
    open_queue,
)

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.1


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
        self._is_poison = name.endswith(POISON)
        self._queue = open_queue(connection, name)
        self._running: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()

    async def run(self) -> None:
        """Poll for messages until cancelled; retry if storage does not answer."""
        pause = FIRST_PAUSE
        while True:
            try:
                found = await self._fetch()
            except QueueUnavailable as failure:
                found = False
                log.warning(
                    "A queue cannot be read; the host tries again.",
                    extra={"queue": self._queue.name, "error": str(failure)},
                )
            pause = next_pause(pause, found=found, longest=self._rules.max_pause)
            if not found:
                await self._wait(pause)
            await self._wait_for_capacity()

    async def close(self, grace: float) -> None:
        """Wait up to `grace` seconds for running calls, then close the queue."""
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        await self._queue.close()

    async def _wait_for_capacity(self) -> None:
        while len(self._running) > self._rules.new_batch_threshold:
            self._freed.clear()
            await self._freed.wait()

    async def _wait(self, longest: float) -> None:
        try:
            await self._queue.wait(longest)
        except QueueUnavailable:
            await asyncio.sleep(longest)

    async def _fetch(self) -> bool:
        messages = await self._queue.receive(min(self._rules.batch_size, MAX_MESSAGES))
        for message in messages:
            task = asyncio.create_task(self._process(message))
            self._running.add(task)
            task.add_done_callback(self._done)
        return bool(messages)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._freed.set()

    async def _process(self, message: Message) -> None:
        renewal = asyncio.create_task(self._keep_hidden(message))
        try:
            disposition = await self._try(message)
        finally:
            renewal.cancel()
        try:
            await self._apply(message, disposition)
        except QueueUnavailable as failure:
            # The message stays hidden for the rest of its lease; then the trigger tries it again.
            log.warning(
                "The state of a message could not be changed.",
                extra={"queue": self._queue.name, "error": str(failure)},
            )

    async def _try(self, message: Message) -> Disposition:
        try:
            body = decoded(message.content) if self._rules.base64 else message.content
        except ValueError:
            log.warning(
                "A message is not base64; it moves to the poison queue.",
                extra={"queue": self._queue.name, "message_id": message.id},
            )
            return Disposition.POISON
        data = TypedData(string=body) if isinstance(body, str) else TypedData(bytes=body)
        outcome = await self._app.invoke(self._function, data, metadata=_metadata(message))
        disposition = disposition_of(
            succeeded=outcome.failure is None,
            dequeue_count=message.dequeue_count,
            max_dequeue_count=self._rules.max_dequeue_count,
        )
        if outcome.failure is not None:
            self._report(message, outcome.failure, disposition)
        return disposition

    def _report(self, message: Message, failure: Failure, disposition: Disposition) -> None:
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

    async def _apply(self, message: Message, disposition: Disposition) -> None:
        match disposition:
            case Disposition.SHOWN_AGAIN:
                await self._queue.show_again(message, self._rules.visibility_timeout)
            case Disposition.POISON if self._is_poison:
                # The message stays hidden for the rest of its lease, as in the Functions host.
                return
            case Disposition.POISON:
                await self._queue.send_to_poison(message)
                await self._queue.delete(message)
            case Disposition.DELETED:
                await self._queue.delete(message)

    async def _keep_hidden(self, message: Message) -> None:
        while True:
            await asyncio.sleep(LEASE / 2)
            try:
                await self._queue.renew(message)
            except QueueUnavailable as failure:
                log.warning(
                    "The lease of a message was not renewed; the message may be processed twice.",
                    extra={"queue": self._queue.name, "error": str(failure)},
                )
                return


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


def _metadata(message: Message) -> Mapping[str, TypedData]:
    return {
        "Id": TypedData(string=message.id),
        "DequeueCount": TypedData(json=json.dumps(message.dequeue_count)),
        "PopReceipt": TypedData(string=message.receipt),
        "InsertionTime": TypedData(json=_time(message.inserted_at)),
        "ExpirationTime": TypedData(json=_time(message.expires_at)),
        "NextVisibleTime": TypedData(json=_time(message.visible_at)),
    }


def _time(moment: datetime | None) -> str:
    return json.dumps(moment.isoformat() if moment else "")
