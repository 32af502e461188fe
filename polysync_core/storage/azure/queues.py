"""Sends messages to Azure Queue Storage as base64, which the Functions host expects.

Messages are sent at least once: a message whose answer is lost is sent again. The first message to
a missing queue creates it. Existing queues cost no extra call.
"""

from __future__ import annotations

import base64
import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import urllib3
from azure.core.exceptions import AzureError, ResourceExistsError
from azure.core.rest import HttpRequest
from azure.storage.queue import QueueClient

from polysync_core.domain.errors import Broken, NotFound, PolysyncError, TooLarge, Unavailable
from polysync_core.storage.azure.connection import StorageConnection, StorageIdentity
from polysync_core.storage.azure.failures import (
    StorageRefusesIdentity,
    StorageUnavailable,
    failure_of,
)
from polysync_core.storage.azure.transport import PooledTransport

_log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 48 * 1024
"""The maximum content of a message; base64 turns it into 64 KiB.

https://learn.microsoft.com/azure/storage/queues/scalability-targets
"""
_PAUSES = (0.1, 0.4)
"""Seconds between attempts; the last failure is raised."""
_THREADS = 32
_TIMEOUT = urllib3.Timeout(connect=2, read=5)
"""Shorter than the time-out of tables: the reconciler sends a missing message later."""

type Sleep = Callable[[float], None]


class QueueRefusesIdentity(Unavailable):
    """The storage account refuses this app: give it the role Storage Queue Data Contributor."""


class LeanQueueClient(QueueClient):
    """Sends messages without the SDK's models, which halves the CPU time."""

    def put(self, body: str, delay_seconds: int) -> None:
        """Send a message in XML. Raises as the other calls of the SDK do."""
        hidden = f"?visibilitytimeout={delay_seconds}" if delay_seconds else ""
        headers = {"Content-Type": "application/xml", "x-ms-version": self.api_version}
        request = HttpRequest("POST", f"{self.url}/messages{hidden}", headers=headers, content=body)
        # Protected, but the only way to use the SDK's signing; integration tests cover it.
        client: Any = self
        client._pipeline.run(request).http_response.raise_for_status()


class QueueStorage:
    """The queues of one storage account. It is thread-safe."""

    def __init__(self, connection: StorageConnection, *, sleep: Sleep = time.sleep) -> None:
        self._connection = connection
        self._identity = StorageIdentity(connection)
        self._transport = PooledTransport(connections=_THREADS, timeout=_TIMEOUT)
        self._queues: dict[str, Queue] = {}
        self._lock = threading.Lock()
        self._sleep = sleep

    def queue(self, name: str) -> Queue:
        """Return the queue of a name, even if it does not exist yet."""
        with self._lock:
            if name not in self._queues:
                self._queues[name] = Queue(self._open(name), sleep=self._sleep)
            return self._queues[name]

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    def _open(self, name: str) -> LeanQueueClient:
        options: dict[str, Any] = {
            # This module retries by itself: the SDK would retry for a minute.
            "retry_total": 0,
            "transport": self._transport,
        }
        if self._connection.connection_string is not None:
            text = self._connection.connection_string
            return LeanQueueClient.from_connection_string(text, name, **options)
        endpoint = self._connection.queue_endpoint
        if endpoint is None:
            raise Broken("the setting of the queue endpoint (…__queueServiceUri) is missing")
        return LeanQueueClient(endpoint, name, credential=self._identity.credential(), **options)


class Queue:
    """One queue that messages are sent to."""

    def __init__(self, client: LeanQueueClient, *, sleep: Sleep = time.sleep) -> None:
        self._client = client
        self._sleep = sleep

    def send(self, text: str, *, delay_seconds: int = 0) -> None:
        """Send a message that becomes visible after a delay.

        Raises `TooLarge`, or `Unavailable` if the message may not have been sent.
        """
        content = text.encode()
        if len(content) > MAX_MESSAGE_BYTES:
            raise TooLarge("a queue message is larger than 48 KiB")
        encoded = base64.b64encode(content).decode()
        body = f"<QueueMessage><MessageText>{encoded}</MessageText></QueueMessage>"
        for pause in (*_PAUSES, None):
            try:
                self._put(body, delay_seconds)
            except StorageUnavailable as failure:
                if pause is None:
                    raise
                self._wait(pause, failure)
            else:
                return

    def _put(self, body: str, delay_seconds: int) -> None:
        try:
            _translated(lambda: self._client.put(body, delay_seconds))
        except NotFound:
            self._create()
            _translated(lambda: self._client.put(body, delay_seconds))

    def _create(self) -> None:
        try:
            self._client.create_queue()
        except ResourceExistsError as error:
            # Another process was first. A queue that is being deleted can be created later.
            if getattr(error, "error_code", None) == "QueueBeingDeleted":
                raise StorageUnavailable(unanswered=False) from error
        except AzureError as error:
            raise _failure_of(error) from error

    def _wait(self, pause: float, failure: StorageUnavailable) -> None:
        _log.warning("Queue storage did not answer.", extra={"action": "storage_call_retried"})
        asked = max(pause, failure.retry_after or 0.0)
        self._sleep(min(asked, _PAUSES[-1]) * random.uniform(1, 1.25))  # noqa: S311 - jitter


def _translated(call: Callable[[], None]) -> None:
    try:
        call()
    except AzureError as error:
        raise _failure_of(error) from error


def _failure_of(error: AzureError) -> PolysyncError:
    failure = failure_of(error)
    return QueueRefusesIdentity() if isinstance(failure, StorageRefusesIdentity) else failure
