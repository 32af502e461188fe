"""Implements the outermost middleware: security headers, body size limit and unexpected errors.

It also removes trailing slashes from paths, so `/tasks/` means `/tasks`.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polysync_core.api.problems import unexpected
from polysync_core.api.security.bodies import BodyLimits

_log = logging.getLogger(__name__)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    # Browsers ignore this header over http, so it does no harm on a local host.
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Guard:
    """Refuses large bodies unread, answers HEAD as GET, and answers unhandled errors."""

    def __init__(self, app: ASGIApp, *, limits: BodyLimits, prefix: str) -> None:
        self._app = app
        self._limits = limits
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            await _without_body(self._answer, {**scope, "method": "GET"}, receive, send)
            return
        await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(send)
        if self._limits.announced_too_large(scope):
            await self._limits.too_large(scope)(scope, receive, answer.send)
            return
        # Some hosts do not report the prefix that they remove; the documentation needs it.
        root = scope.get("root_path") or self._prefix
        path = scope["path"].rstrip("/") or "/"
        inner_scope = {
            **scope,
            "path": f"{root}/" if path == root else path,
            "root_path": root,
        }
        try:
            await self._app(inner_scope, receive, answer.send)
        except Exception:
            _log.exception("A request failed unexpectedly.", extra={"action": "request_failed"})
            if answer.started:
                raise
            await unexpected(scope)(scope, receive, answer.send)


async def _without_body(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the headers alone; a stream ends before its first part."""
    streams = asyncio.Event()

    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
        elif not streams.is_set():
            await send({"type": "http.response.body", "body": b""})
            if message.get("more_body"):
                streams.set()

    answering = asyncio.ensure_future(app(scope, receive, send_headers))
    streaming = asyncio.ensure_future(streams.wait())
    try:
        await asyncio.wait({answering, streaming}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        streaming.cancel()
        if streams.is_set():
            answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering


class _Answer:
    """Adds the security headers that the route has not set itself."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)
