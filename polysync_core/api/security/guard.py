"""What stands before every request: a limit of size, safe headers, and the last resort.

A slash behind a path means nothing, and is left out before anything looks at the path.
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
    # Browsers heed it over https only, so it is harmless on one machine.
    "Strict-Transport-Security": "max-age=31536000",
}
_POLICY = "default-src 'none'; frame-ancestors 'none'"
_POLICY_OF_PAGES = (
    "default-src 'none'; connect-src 'self'; frame-ancestors 'none'; "
    "img-src https://fastapi.tiangolo.com data:; "
    "script-src https://cdn.jsdelivr.net 'unsafe-inline'; "
    "style-src https://cdn.jsdelivr.net 'unsafe-inline'"
)
"""What the documentation of the API, its only page, is put together from."""


class Guard:
    """Refuses large bodies before anything reads them, and answers for errors nobody caught."""

    def __init__(self, app: ASGIApp, *, body_limit: int, prefix: str) -> None:
        self._app = app
        self._body_limit = body_limit
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        body = await self._body(scope, receive)
        if body is None:
            detail = f"The body is larger than {self._body_limit} bytes."
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            too_large = problem(status, detail, members=members(scope, status))
            await too_large(scope, receive, answer.send)
            return
        outside = {
            **scope,
            "path": scope["path"].rstrip("/") or "/",
            # Where the host has not said what it strips, links in the documentation still need it.
            "root_path": scope.get("root_path") or self._prefix,
        }
        try:
            await self._app(outside, body.receive, answer.send)
        except Exception:
            _log.exception("A request failed unexpectedly.", extra={"action": "request_failed"})
            if answer.started:
                raise
            await unexpected(scope)(scope, receive, answer.send)

    async def _body(self, scope: Scope, receive: Receive) -> _Body | None:
        """Read the body up to the limit; None when it is longer, announced or not."""
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
    """Gives the messages again that were read, then what comes after them."""

    def __init__(self, messages: deque[Message], receive: Receive) -> None:
        self._messages = messages
        self._receive = receive

    async def receive(self) -> Message:
        return self._messages.popleft() if self._messages else await self._receive()


class _Answer:
    """Adds the safe headers where a route has not set its own."""

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
