"""Sends OpenLineage events to a service over HTTP, or appends them to a file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from requests.adapters import HTTPAdapter

from polysync_core.domain.errors import Unavailable
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.run import TaskRun
from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.http_exchange import Fault, HttpExchange, TimeLeft
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.transport import shared_transport
from polysync_core.outbound.urls import read_url

_TIMEOUT_SECONDS = 10.0
_ANSWER_LIMIT = 64 * 1024
_PATH = "/api/v1/lineage"
"""The path of the specification, if the address has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageTarget:
    """The place that receives the events."""

    namespace: str
    """The namespace of the Tasks."""
    url: str | None = None
    """The address of a service; None if a file receives the events."""
    key: str | None = None
    """The reference of the service's API key."""
    file: Path | None = None
    """The file to which events are appended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageSender:
    """Sends one event at a time, and follows no redirects."""

    target: LineageTarget
    secrets: Secrets
    private_hosts: frozenset[str] = frozenset()
    """Names of hosts that may have private addresses."""
    transport_to: Callable[[AddressScope], HTTPAdapter] = shared_transport
    monotonic: Callable[[], float] = time.monotonic

    def emit(self, event: JsonObject, run: TaskRun) -> None:
        """Send the lineage of an event; raises `Unavailable` unless it was accepted."""
        # The library takes time to import, and lineage is off by default.
        from polysync_core.outbound.lineage.events import event_of

        text = event_of(event, run, namespace=self.target.namespace)
        if self.target.url is not None:
            self._post(self.target.url, text)
        if self.target.file is not None:
            _append(self.target.file, text)

    def _post(self, url: str, text: str) -> None:
        found = read_url(url, path="url", allow_loopback=True, allow_port=True)
        address = found.base.url + (_PATH if found.target == "/" else found.target)
        headers = {
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": "polysync",
        }
        if self.target.key is not None:
            headers["Authorization"] = f"Bearer {self.secrets.resolve(self.target.key).reveal()}"
        request = HttpRequest(method="POST", url=address, headers=headers, body=text.encode())
        scope = found.base.scope_with(self.private_hosts)
        exchange = HttpExchange(self.transport_to(scope), _ANSWER_LIMIT)
        left = TimeLeft(
            connect=5.0, read=_TIMEOUT_SECONDS, deadline=self.monotonic() + _TIMEOUT_SECONDS
        )
        answer = exchange.send(request, left, self.monotonic)
        if isinstance(answer, Fault):
            raise Unavailable(f"{found.base.authority} {answer.value}")
        if not 200 <= answer.status < 300:
            self._forget_refused(answer.status)
            raise Unavailable(f"{found.base.authority} answered with status {answer.status}")

    def _forget_refused(self, status: int) -> None:
        """Read the key again next time, because it may have been rotated."""
        if status in {401, 403} and self.target.key is not None:
            self.secrets.forget(self.target.key)


class OpenLineage(Protocol):
    """Opens a target of lineage."""

    def __call__(
        self, target: LineageTarget, secrets: Secrets
    ) -> Callable[[JsonObject, TaskRun], None]: ...


def lineage_sender(private_hosts: frozenset[str] = frozenset()) -> OpenLineage:
    """Return the function that opens a target."""

    def open_target(
        target: LineageTarget, secrets: Secrets
    ) -> Callable[[JsonObject, TaskRun], None]:
        return LineageSender(target=target, secrets=secrets, private_hosts=private_hosts).emit

    return open_target


_lock = threading.Lock()


def _append(file: Path, text: str) -> None:
    """Append a line; threads of this process write whole lines."""
    try:
        with _lock, file.open("a", encoding="utf-8") as opened:
            opened.write(f"{text}\n")
    except OSError as error:
        found = Unavailable(f"the file of POLYSYNC_OPENLINEAGE_FILE: {error.strerror}")
    else:
        return
    raise found
