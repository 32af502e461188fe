"""Serves the MCP endpoint of the app at the path of the Functions extension."""

from __future__ import annotations

import asyncio
import importlib
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from devhost.app.worker import FunctionApp
from devhost.settings import McpServerInfo
from devhost.web import asgi
from devhost.web.mcp_calls import TRIGGERS

if TYPE_CHECKING:
    from devhost.web.mcp_server import McpServer

PATH = "/runtime/webhooks/mcp"


class McpFront:
    """Streamable HTTP without sessions, as in the cloud."""

    def __init__(self, app: FunctionApp, about: McpServerInfo) -> None:
        self._app = app
        self._about = about
        self._server: McpServer | None = None
        self._running: asyncio.Task[None] | None = None
        self._started = asyncio.Event()
        self._stopping = asyncio.Event()

    @property
    def has_any(self) -> bool:
        """Return whether the app has functions for MCP clients."""
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
        """Stop answering requests."""
        self._stopping.set()
        if self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        """Keep the server open; the task that opened it must close it."""
        try:
            # The import takes half a second, which a host without MCP clients does not need.
            loaded = await asyncio.to_thread(importlib.import_module, "devhost.web.mcp_server")
            server: McpServer = loaded.McpServer(self._app, self._about)
            async with server.sessions.run():
                self._server = server
                self._started.set()
                await self._stopping.wait()
        finally:
            self._started.set()
