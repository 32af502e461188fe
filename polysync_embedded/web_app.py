"""Routes each request to the API, the console or the MCP endpoint.

When the host stops, it ends the open event streams.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from http import HTTPStatus

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polysync_core.api.app import PREFIX
from polysync_core.api.engine import SCOPE_KEY
from polysync_core.application.ports import Engine
from polysync_core.console.paths import BASE
from polysync_embedded.mcp import endpoint

log = logging.getLogger(__name__)


class WebApp:
    """The ASGI app of this host."""

    def __init__(
        self, *, api: ASGIApp, console: Callable[[], ASGIApp], mcp: ASGIApp, engine: Engine
    ) -> None:
        self._api = api
        self._console = console
        """Builds the console on its first request."""
        self._engine = engine
        self._mcp = mcp
        self._streams: set[_EventStream] = set()
        self._stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        path = scope["path"]
        if path.startswith(f"{PREFIX}/"):
            await self._call_app(self._api, PREFIX, scope, receive, send)
        elif path == BASE or path.startswith(f"{BASE}/"):
            await self._call_app(self._console(), BASE, scope, receive, send)
        elif path == "/":
            await RedirectResponse(f"{BASE}/")(scope, receive, send)
        elif path == endpoint.PATH:
            await self._call_mcp(scope, receive, send)
        else:
            await _not_found()(scope, receive, send)

    def end_streams(self) -> None:
        """End the event streams; their clients connect again with the id of the last event."""
        self._stopping = True
        for stream in tuple(self._streams):
            stream.end()

    async def _call_app(
        self, app: ASGIApp, prefix: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        stream = _EventStream(send, on_start=self._add)
        inner_scope = {**scope, "root_path": prefix, SCOPE_KEY: self._engine}
        try:
            await app(inner_scope, receive, stream.send)
        except asyncio.CancelledError:
            if not stream.ended:
                raise
            await stream.finish()
        finally:
            self._streams.discard(stream)

    async def _call_mcp(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._mcp(scope, receive, send)
        except Exception:
            log.exception("The MCP endpoint failed.", extra={"action": "mcp_failed"})
            raise

    def _add(self, stream: _EventStream) -> None:
        self._streams.add(stream)
        if self._stopping:
            stream.end()


class _EventStream:
    """An answer that may be a stream of server-sent events."""

    def __init__(self, send: Send, on_start: Callable[[_EventStream], None]) -> None:
        self._send = send
        self._on_start = on_start
        self._task = asyncio.current_task()
        self.ended = False
        """True if the host has ended the stream."""

    async def send(self, message: Message) -> None:
        """Pass a message on, and register a stream of events."""
        await self._send(message)
        if message["type"] == "http.response.start" and _is_event_stream(message):
            self._on_start(self)

    def end(self) -> None:
        """Stop the work behind the stream."""
        self.ended = True
        if self._task is not None:
            self._task.cancel()

    async def finish(self) -> None:
        """Complete the answer, so that the client sees a regular end."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def _is_event_stream(start: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in start["headers"]
    )


def _not_found() -> Response:
    status = HTTPStatus.NOT_FOUND
    detail = f"The console is at {BASE}, and the API is at {PREFIX}."
    body = {"title": status.phrase, "status": status.value, "detail": detail}
    headers = {"Content-Type": "application/problem+json"}
    return Response(json.dumps(body), status, headers=headers)
