"""Lists Polysync's own MCP tools, resources and prompts for the embedded MCP server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.types import Receive, Scope, Send

from polysync_core.mcp.in_process_api import AsgiApp
from polysync_core.mcp.prompts import PROMPTS, Prompt
from polysync_core.mcp.resources import RESOURCES, Resource
from polysync_core.mcp.tool import Tool
from polysync_core.mcp.tools import TOOLS
from polysync_embedded.mcp.catalogue import Catalogue, McpPrompt, McpResource, McpTool

_CREDENTIALS = frozenset({"authorization", "x-functions-key"})


def own_functions(api: AsgiApp, extras: Mapping[str, Any]) -> Catalogue:
    """Return the catalogue; `extras` are added to the scope of each request to the API."""

    def tool(each: Tool[Any]) -> McpTool:
        return McpTool(
            name=each.name,
            description=each.description,
            properties=json.loads(each.properties),
            call=lambda context: each.call(context, _signed(api, context), extras),
        )

    def resource(each: Resource) -> McpResource:
        return McpResource(
            uri=each.uri,
            name=each.name,
            title=each.title,
            description=each.description,
            mime_type=each.mime_type,
            call=lambda context: each.read(context, _signed(api, context), extras),
        )

    return Catalogue(
        tools=[tool(each) for each in TOOLS],
        resources=[resource(each) for each in RESOURCES],
        prompts=[_prompt(each) for each in PROMPTS],
    )


def _signed(api: AsgiApp, context: str) -> AsgiApp:
    """Return the API, called with the credentials of the MCP request.

    In Azure, App Service and the Functions host check these headers. Here only the API does.
    """
    given = json.loads(context)["transport"]["properties"]["headers"]
    credentials = [
        (name.lower().encode(), value.encode("latin-1", "replace"))
        for name, value in given.items()
        if name.lower() in _CREDENTIALS
    ]

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        await api({**scope, "headers": [*scope["headers"], *credentials]}, receive, send)

    return call


def _prompt(prompt: Prompt) -> McpPrompt:
    async def fill(context: str) -> str:
        return prompt.fill(json.loads(context)["arguments"])

    return McpPrompt(
        name=prompt.name,
        title=prompt.title,
        description=prompt.description,
        arguments=[
            {"name": each.name, "description": each.description, "required": each.required}
            for each in prompt.arguments
        ],
        call=fill,
    )
