"""Processes the messages of one SQLite queue, with the retry rules of Azure Functions.

A handled message is deleted. After a failure the message is visible again after
`visibility_timeout` seconds. After `max_dequeue_count` tries it moves to the poison queue. In a
poison queue it stays and is tried again.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from polysync_core.application.operations.background_work import QueueMessage
from polysync_core.domain.errors import PolysyncError, Unavailable
from polysync_core.storage.sqlite.queues import ReceivedMessage, SqliteQueue, SqliteQueues

log = logging.getLogger(__name__)

POISON = "-poison"

type Handler = Callable[[QueueMessage], None]
"""Handles one message on a thread; an exception makes the message visible again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRules:
    """The section `extensions.queues` of host.json."""

    batch_size: int = 8
    new_batch_threshold: int = 4
    max_dequeue_count: int = 5
    visibility_timeout: float = 30.0
    longest_pause: float = 5.0
    """Seconds after which an idle queue is read, in case another program has sent a message."""
    lease_seconds: float = 30.0
    """Seconds for which a message is hidden while it is handled; the lease is renewed."""


class QueueConsumer:
    """Handles the messages of one queue."""

    def __init__(
        self, queues: SqliteQueues, name: str, handle: Handler, rules: QueueRules = QueueRules()
    ) -> None:
        self.name = name
        self._queue: SqliteQueue = queues.queue(name)
        self._poison = None if name.endswith(POISON) else queues.queue(f"{name}{POISON}")
        self._handle = handle
        self._rules = rules
        self._running: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        """Set if a message was sent, or if a running one has ended."""

    async def run(self) -> None:
        """Take and handle messages until cancelled; a message of this process comes at once."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._changed.set)

        self._queue.listen(wake)
        while True:
            self._changed.clear()
            try:
                pause = await self._take()
            except Unavailable as error:
                pause = self._rules.longest_pause
                log.warning(
                    "A queue cannot be read; the host tries again.",
                    extra={"queue": self.name, "error": str(error)},
                )
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), pause)

    async def drain(self, seconds: float) -> None:
        """Wait up to some seconds for the messages that are being handled."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def _take(self) -> float:
        """Begin to handle messages, and return the pause until the next read of the queue."""
        longest = self._rules.longest_pause
        if len(self._running) > self._rules.new_batch_threshold:
            return longest
        found = await asyncio.to_thread(
            self._queue.receive, self._rules.batch_size, hidden_seconds=self._rules.lease_seconds
        )
        for message in found:
            task = asyncio.create_task(self._process(message))
            self._running.add(task)
            task.add_done_callback(self._done)
        if found:
            return 0.0
        due = await asyncio.to_thread(self._queue.seconds_to_next)
        return longest if due is None else min(due, longest)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._changed.set()

    async def _process(self, message: ReceivedMessage) -> None:
        renewal = asyncio.create_task(self._keep_hidden(message))
        try:
            handled = await asyncio.to_thread(self._try, message)
        finally:
            renewal.cancel()
        try:
            await asyncio.to_thread(self._settle, message, handled=handled)
        except Unavailable as error:
            # The message stays hidden for the rest of its lease, and is tried again then.
            log.warning(
                "The state of a message could not be changed.",
                extra={"queue": self.name, "error": str(error)},
            )

    def _try(self, message: ReceivedMessage) -> bool:
        inserted_at = datetime.fromtimestamp(message.inserted_at, UTC)
        stored = QueueMessage(
            id=str(message.id), content=message.content.encode(), inserted_at=inserted_at
        )
        try:
            self._handle(stored)
        except PolysyncError as error:
            log.warning(
                "A queue message failed.", extra=self._facts(message) | {"error": str(error)}
            )
            return False
        except Exception:
            log.exception("A queue message met an unexpected fault.", extra=self._facts(message))
            return False
        return True

    def _facts(self, message: ReceivedMessage) -> dict[str, object]:
        return {
            "action": "queue_message_failed",
            "queue": self.name,
            "message_id": message.id,
            "dequeue_count": message.dequeue_count,
        }

    def _settle(self, message: ReceivedMessage, *, handled: bool) -> None:
        is_last = message.dequeue_count >= self._rules.max_dequeue_count
        if handled:
            self._queue.delete(message)
        elif not is_last:
            self._queue.hide(message, self._rules.visibility_timeout)
        elif self._poison is not None:
            self._poison.put(message.content)
            self._queue.delete(message)

    async def _keep_hidden(self, message: ReceivedMessage) -> None:
        while True:
            await asyncio.sleep(self._rules.lease_seconds / 2)
            try:
                await asyncio.to_thread(self._queue.hide, message, self._rules.lease_seconds)
            except Unavailable as error:
                log.warning(
                    "The lease of a message was not renewed; it may be handled twice.",
                    extra={"queue": self.name, "error": str(error)},
                )
                return
