"""A proxy in front of Table Storage that forwards, rejects or holds requests."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from devhost.settings import storage_connection
from tests.integration.devhost.host_process import TIMEOUT

TABLES = 2
"""The offset of Azurite's table port from its first port."""
_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request to Table Storage."""

    method: str
    path: str
    body: bytes


type Matches = Callable[[Request], bool]


@dataclass(slots=True)
class HeldRequest:
    """A request, or its answer, that is held until its sender is gone."""

    matches: Matches
    after_execution: bool
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class StorageProxy:
    """A proxy on its own port. `connection` is the connection string through the proxy."""

    def __init__(self, base: int) -> None:
        self._upstream = base + TABLES
        self._hold: HeldRequest | None = None
        self._lock = threading.Lock()
        self.closed = False
        self.rejected = 0
        proxy = self

        class Handler(_Handler):
            def process(self, request: Request) -> None:
                proxy.process(self, request)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.connection = storage_connection(base).replace(
            f":{self._upstream}/", f":{self._server.server_port}/"
        )

    def hold(self, matches: Matches, *, after_execution: bool) -> HeldRequest:
        """Hold the next request that matches, either before or after its execution."""
        self._hold = HeldRequest(matches, after_execution)
        return self._hold

    def process(self, handler: _Handler, request: Request) -> None:
        """Forward, reject or hold one request."""
        if self.closed:
            self.rejected += 1
            handler.close_connection = True
            return
        hold = self._taken(request)
        if hold is not None and not hold.after_execution:
            _wait(hold, handler)
            return
        answer = self._pass_on(handler, request)
        if hold is not None:
            _wait(hold, handler)
            return
        handler.reply(*answer)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _taken(self, request: Request) -> HeldRequest | None:
        with self._lock:
            if self._hold is None or not self._hold.matches(request):
                return None
            hold, self._hold = self._hold, None
            return hold

    def _pass_on(self, handler: _Handler, request: Request) -> tuple[int, Any, bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self._upstream, timeout=TIMEOUT)
        try:
            upstream.request(request.method, request.path, request.body, dict(handler.headers))
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def process(self, request: Request) -> None:
        raise NotImplementedError

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def __getattr__(self, name: str) -> Callable[[], None]:
        if not name.startswith("do_"):
            raise AttributeError(name)
        return self._take

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.process(Request(self.command, self.path, body))

    def reply(self, status: int, headers: Any, body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in {*_NOT_PASSED_ON, "content-length"}:
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing to stderr."""


def _wait(hold: HeldRequest, handler: _Handler) -> None:
    hold.reached.set()
    hold.released.wait(timeout=TIMEOUT)
    handler.close_connection = True


@contextmanager
def storage_proxy(base: int) -> Iterator[StorageProxy]:
    """Yield a proxy in front of the Azurite whose ports begin at `base`."""
    opened = StorageProxy(base)
    try:
        yield opened
    finally:
        opened.close()
