"""Limits bodies, adds security headers and answers unhandled errors, as outermost middleware.

It also removes trailing slashes from paths, so `/tasks/` means `/tasks`.
"""

from __future__ import annotations

import logging
from collections import deque
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polysync_core.api.jobs.appkit_protocol import members
from polysync_core.api.problems import problem, unexpected

_log = logging.getLogger(__name__)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    # Browsers ignore this header over http, so it does no harm on a local host.
    "Strict-Transport-Security": "max-age=31536000",
}
_POLICY = "default-src 'none'; frame-ancestors 'none'"
_POLICY_OF_PAGES = (
    "default-src 'none'; connect-src 'self'; frame-ancestors 'none'; "
    "img-src https://fastapi.tiangolo.com data:; "
    "script-src https://cdn.jsdelivr.net 'unsafe-inline'; "
    "style-src https://cdn.jsdelivr.net 'unsafe-inline'"
)
"""Allows the sources of the only page, the documentation of the API."""


class Guard:
    """Refuses large bodies before they are read, and answers unhandled errors."""

    def __init__(self, app: ASGIApp, *, body_limit: int, prefix: str) -> None:
        self._app = app
        self._body_limit = body_limit
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        body = await self._read_body(scope, receive)
        if body is None:
            await self._refuse(scope, receive, answer.send)
            return
        inner_scope = {
            **scope,
            "path": scope["path"].rstrip("/") or "/",
            # Some hosts do not report the prefix that they remove; the documentation needs it.
            "root_path": scope.get("root_path") or self._prefix,
        }
        try:
            await self._app(inner_scope, body.receive, answer.send)
        except Exception:
            _log.exception("A request failed unexpectedly.", extra={"action": "request_failed"})
            if answer.started:
                raise
            await unexpected(scope)(scope, receive, answer.send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"The body is larger than {self._body_limit} bytes."
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        await problem(status, detail, members=members(scope, status))(scope, receive, send)

    async def _read_body(self, scope: Scope, receive: Receive) -> _Body | None:
        """Read the body; None if it is larger than the limit."""
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._body_limit:
            return None
        messages: deque[Message] = deque()
        size, more = 0, True
        while more:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
            if size > self._body_limit:
                return None
        return _Body(messages, receive)


class _Body:
    """Replays the messages that were read, then receives further ones."""

    def __init__(self, messages: deque[Message], receive: Receive) -> None:
        self._messages = messages
        self._receive = receive

    async def receive(self) -> Message:
        return self._messages.popleft() if self._messages else await self._receive()


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
            is_page = headers.get("content-type", "").startswith("text/html")
            headers.setdefault("Content-Security-Policy", _POLICY_OF_PAGES if is_page else _POLICY)
        await self._send(message)
