"""Passes requests from the host's web server to an ASGI app in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

type Message = MutableMapping[str, Any]
type AsgiApp = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


async def answer(request: web.BaseRequest, app: AsgiApp) -> web.StreamResponse:
    """Stream the answer of the app to a request; the app reads the body when it needs it."""
    reply = _Reply(request)
    await app(_scope(request), reply.receive, reply.send)
    if reply.response is None:
        raise web.HTTPInternalServerError
    return reply.response


class _Reply:
    """The two directions of one request."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self._is_read = False
        self.response: web.StreamResponse | None = None

    async def receive(self) -> Message:
        if self._is_read:
            # A disconnect of the client cancels the whole answer, so no event follows.
            await asyncio.Future()
        chunk = await self._request.content.readany()
        self._is_read = self._request.content.at_eof()
        return {"type": "http.request", "body": chunk, "more_body": not self._is_read}

    async def send(self, message: Message) -> None:
        # The client may disconnect before the end of the answer is written.
        with suppress(ConnectionResetError):
            await self._write(message)

    async def _write(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            pairs = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message["headers"]
            ]
            self.response = web.StreamResponse(status=message["status"], headers=CIMultiDict(pairs))
            await self.response.prepare(self._request)
        elif self.response is not None:
            if message.get("body"):
                await self.response.write(message["body"])
            if not message.get("more_body"):
                await self.response.write_eof()


def _scope(request: web.BaseRequest) -> Message:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.rel_url.path,
        "raw_path": request.rel_url.raw_path.encode(),
        "query_string": request.rel_url.raw_query_string.encode(),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.raw_headers],
    }
