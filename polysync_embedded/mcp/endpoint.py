"""Serves the MCP endpoint as an ASGI app, with streamable HTTP and without sessions."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from polysync_core.api.problems import answer_to
from polysync_core.api.security.callers import Identify
from polysync_core.domain.errors import PolysyncError
from polysync_embedded.mcp.catalogue import Catalogue, McpServerInfo

if TYPE_CHECKING:
    from polysync_embedded.mcp.server import McpServer

PATH = "/runtime/webhooks/mcp"
"""The path of the Functions extension."""
_SERVER = "polysync_embedded.mcp.server"


class McpEndpoint:
    """Answers MCP requests of known callers; the server starts with the first of them."""

    def __init__(
        self, catalogue: Callable[[], Catalogue], about: McpServerInfo, identify: Identify
    ) -> None:
        self._catalogue = catalogue
        self._about = about
        self._identify = identify
        self._server: McpServer | None = None
        self._running: asyncio.Task[None] | None = None
        self._started = asyncio.Event()
        self._stopping = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["method"] != "POST":
            refusal = Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
            await refusal(scope, receive, send)
            return
        try:
            # Each call of a tool is checked again, together with the role that it needs.
            await self._identify(scope)
        except PolysyncError as error:
            await answer_to(error, scope)(scope, receive, send)
            return
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="mcp")
        await self._started.wait()
        if self._server is None:
            await Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)(scope, receive, send)
            return
        await self._server.sessions.handle_request(scope, receive, send)

    async def stop(self) -> None:
        """Stop answering requests."""
        self._stopping.set()
        if self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        """Keep the server open; the task that opened it must close it."""
        try:
            # The import takes half a second, which a host without MCP clients does not need.
            loaded = await asyncio.to_thread(
                importlib.import_module, "polysync_embedded.mcp.server"
            )
            server: McpServer = loaded.McpServer(self._catalogue(), self._about)
            async with server.sessions.run():
                self._server = server
                self._started.set()
                await self._stopping.wait()
        finally:
            self._server = None
            self._started.set()
