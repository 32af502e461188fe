"""Serves the app's MCP endpoint at the path that Azure Functions uses."""

from __future__ import annotations

from aiohttp import web

from devhost.app.worker import FunctionApp
from devhost.web import asgi
from devhost.web.mcp_calls import TRIGGERS, catalogue
from polysync_core.api.security.callers import require_loopback
from polysync_embedded.mcp.catalogue import McpServerInfo
from polysync_embedded.mcp.endpoint import PATH, McpEndpoint

__all__ = ["PATH", "McpFront"]


class McpFront:
    """Passes requests to the MCP endpoint."""

    def __init__(self, app: FunctionApp, about: McpServerInfo) -> None:
        self._app = app
        self._endpoint = McpEndpoint(lambda: catalogue(app), about, require_loopback)

    @property
    def has_any(self) -> bool:
        """Return whether the app has functions for MCP clients."""
        return any(function.kind in TRIGGERS for function in self._app.functions)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        return await asgi.answer(request, self._endpoint)

    async def stop(self) -> None:
        """Stop answering requests."""
        await self._endpoint.stop()
