"""Implements the middleware that reads request bodies within limits of size and time.

The reader is behind the access control: a caller without credentials is answered at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polysync_core.api.jobs.appkit_protocol import appkit_error_members
from polysync_core.api.problems import problem

BODY_LIMIT = 1024 * 1024
"""The largest body of a request, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """The limits of a body."""

    size: int = BODY_LIMIT
    """The largest size in bytes."""
    idle_seconds: float = 10.0
    """The longest pause between two parts."""
    total_seconds: float = 30.0
    """The longest time for the whole body."""

    def announced_too_large(self, scope: Scope) -> bool:
        """Return whether Content-Length exceeds the limit; the body is not read."""
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        return any(each.isdigit() and int(each) > self.size for each in lengths)

    def too_large(self, scope: Scope) -> ASGIApp:
        """Return the answer to a body that is too large."""
        # The web server discards the rest of the body. `Connection: close` would make it reset the
        # connection while the client still sends, so the client or its proxy could lose the answer.
        detail = f"The body is larger than {self.size} bytes."
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return problem(status, detail, members=appkit_error_members(scope, status))

    def too_slow(self, scope: Scope) -> ASGIApp:
        """Return the answer to a body that did not arrive in time."""
        detail = (
            f"The body did not arrive within {self.total_seconds:g} s, or paused for more than "
            f"{self.idle_seconds:g} s: send it again over a faster connection."
        )
        status = HTTPStatus.REQUEST_TIMEOUT
        # The rest of the body may never arrive, so the connection cannot carry another request.
        headers = {"Connection": "close"}
        return problem(status, detail, headers=headers, members=appkit_error_members(scope, status))


DEFAULT_LIMITS = BodyLimits()


class BodyReader:
    """Middleware that reads the body before the app starts to work."""

    def __init__(self, app: ASGIApp, *, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await self._read(receive)
        except TimeoutError:
            await self._limits.too_slow(scope)(scope, receive, send)
            return
        if body is None:
            await self._limits.too_large(scope)(scope, receive, send)
            return
        await self._app(scope, _replaying(body, receive), send)

    async def _read(self, receive: Receive) -> deque[Message] | None:
        """Return the messages of the body; None if it is larger than the limit."""
        messages: deque[Message] = deque()
        size, more = 0, True
        async with asyncio.timeout(self._limits.total_seconds):
            while more:
                async with asyncio.timeout(self._limits.idle_seconds):
                    message = await receive()
                messages.append(message)
                size += len(message.get("body", b""))
                more = message.get("more_body", False)
                if size > self._limits.size:
                    return None
        return messages


def _replaying(messages: deque[Message], receive: Receive) -> Receive:
    async def receive_again() -> Message:
        return messages.popleft() if messages else await receive()

    return receive_again
