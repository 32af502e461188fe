"""The door for MCP: where the Functions host's extension would have it, started when it is used."""

from __future__ import annotations

import asyncio
import importlib
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from devhost.app.worker import FunctionApp
from devhost.settings import McpAbout
from devhost.web import asgi
from devhost.web.mcp_calls import TRIGGERS

if TYPE_CHECKING:
    from devhost.web.mcp_server import McpServer

PATH = "/runtime/webhooks/mcp"


class McpFront:
    """Streamable HTTP without sessions: every request stands for itself, as in the cloud."""

    def __init__(self, app: FunctionApp, about: McpAbout) -> None:
        self._app = app
        self._about = about
        self._server: McpServer | None = None
        self._running: asyncio.Task[None] | None = None
        self._started = asyncio.Event()
        self._ends = asyncio.Event()

    @property
    def has_any(self) -> bool:
        """Whether the app has anything for clients of MCP."""
        return any(function.kind in TRIGGERS for function in self._app.functions)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        if request.method != "POST":
            return web.Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="mcp")
        await self._started.wait()
        if self._server is None:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        return await asgi.answer(request, self._server.sessions.handle_request)

    async def stop(self) -> None:
        """Answer no more."""
        self._ends.set()
        if self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        """Hold the server open; only the task that opened it may close it."""
        try:
            # Half a second that a host without clients of MCP need not spend.
            loaded = await asyncio.to_thread(importlib.import_module, "devhost.web.mcp_server")
            server: McpServer = loaded.McpServer(self._app, self._about)
            async with server.sessions.run():
                self._server = server
                self._started.set()
                await self._ends.wait()
        finally:
            self._started.set()
