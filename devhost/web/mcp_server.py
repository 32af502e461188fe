"""Builds an MCP server of the official package from the functions of the app."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError

from devhost.app.functions import Function
from devhost.app.worker import FunctionApp
from devhost.settings import McpServerInfo
from devhost.web.mcp_calls import (
    PROMPT,
    RESOURCE,
    TOOL,
    CallFailed,
    by_name,
    call,
    context,
    input_schema,
    is_template,
    missing_arguments,
    resource_of,
)

log = logging.getLogger(__name__)

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class McpServer:
    """Lists the tools, resources and prompts of the app and calls their functions."""

    def __init__(self, app: FunctionApp, about: McpServerInfo) -> None:
        self._app = app
        self._tools = by_name(app.functions, TOOL, "toolName")
        self._resources = by_name(app.functions, RESOURCE, "uri")
        self._prompts = by_name(app.functions, PROMPT, "promptName")
        server = Server(
            about.name,
            version=about.version,
            instructions=about.instructions,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
        )
        hosts = [f"{name}:*" for name in _LOOPBACK_NAMES]
        self.sessions = StreamableHTTPSessionManager(
            server,
            stateless=True,
            security_settings=TransportSecuritySettings(
                allowed_hosts=hosts, allowed_origins=[f"http://{each}" for each in hosts]
            ),
        )

    async def _list_tools(self, _context: Any, _params: Any) -> types.ListToolsResult:
        tools = [
            types.Tool(
                name=name,
                description=function.trigger.get("description"),
                input_schema=input_schema(function),
            )
            for name, function in self._tools.items()
        ]
        return types.ListToolsResult(tools=tools)

    async def _call_tool(
        self, request: ServerRequestContext, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        function = self._tools.get(params.name)
        if function is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: '{params.name}'")
        arguments = params.arguments or {}
        if missing := missing_arguments(function, arguments):
            raise MCPError(
                types.INVALID_PARAMS,
                "One or more required tool properties are missing values. "
                f"Please provide: {', '.join(missing)}",
            )
        call_context = context(_headers(request), name=params.name, arguments=arguments)
        try:
            return _tool_result(function, await call(self._app, function, call_context))
        except CallFailed as failed:
            _report(function, failed)
            return _text(f"An error occurred invoking '{params.name}'.", is_error=True)

    async def _list_resources(self, _context: Any, _params: Any) -> types.ListResourcesResult:
        resources = [
            types.Resource(uri=uri, **_described(function.trigger, "resourceName"))
            for uri, function in self._resources.items()
            if not is_template(uri)
        ]
        return types.ListResourcesResult(resources=resources)

    async def _list_templates(
        self, _context: Any, _params: Any
    ) -> types.ListResourceTemplatesResult:
        templates = [
            types.ResourceTemplate(uri_template=uri, **_described(function.trigger, "resourceName"))
            for uri, function in self._resources.items()
            if is_template(uri)
        ]
        return types.ListResourceTemplatesResult(resource_templates=templates)

    async def _read_resource(
        self, request: ServerRequestContext, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        function = resource_of(self._resources, str(params.uri))
        if function is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown resource: '{params.uri}'")
        call_context = context(_headers(request), uri=str(params.uri))
        content = types.TextResourceContents(
            uri=str(params.uri),
            mime_type=function.trigger.get("mimeType"),
            text=await self._text_of(function, call_context),
        )
        return types.ReadResourceResult(contents=[content])

    async def _list_prompts(self, _context: Any, _params: Any) -> types.ListPromptsResult:
        prompts = [
            types.Prompt(
                name=name,
                title=function.trigger.get("title"),
                description=function.trigger.get("description"),
                arguments=[
                    types.PromptArgument.model_validate(each)
                    for each in json.loads(function.trigger.get("promptArguments") or "[]")
                ],
            )
            for name, function in self._prompts.items()
        ]
        return types.ListPromptsResult(prompts=prompts)

    async def _get_prompt(
        self, request: ServerRequestContext, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        function = self._prompts.get(params.name)
        if function is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown prompt: '{params.name}'")
        call_context = context(
            _headers(request), name=params.name, arguments=params.arguments or {}
        )
        text = types.TextContent(type="text", text=await self._text_of(function, call_context))
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=text)])

    async def _text_of(self, function: Function, call_context: Any) -> str:
        try:
            return await call(self._app, function, call_context)
        except CallFailed as failed:
            _report(function, failed)
            raise MCPError(types.INTERNAL_ERROR, "An error occurred.") from failed


def _headers(request: ServerRequestContext) -> Iterable[tuple[str, str]]:
    return request.request.headers.items() if request.request is not None else ()


def _described(trigger: Any, name: str) -> dict[str, Any]:
    return {
        "name": trigger[name],
        "title": trigger.get("title"),
        "description": trigger.get("description"),
        "mime_type": trigger.get("mimeType"),
    }


def _tool_result(function: Function, returned: str) -> types.CallToolResult:
    """Return the result of a tool in the form that its trigger declares."""
    if not function.trigger.get("useResultSchema"):
        return _text(returned)
    envelope = json.loads(returned)
    if envelope["type"] == "call_tool_result":
        return types.CallToolResult.model_validate_json(envelope["content"])
    return types.CallToolResult.model_validate({"content": [json.loads(envelope["content"])]})


def _text(text: str, *, is_error: bool = False) -> types.CallToolResult:
    block = types.TextContent(type="text", text=text)
    return types.CallToolResult(content=[block], is_error=is_error)


def _report(function: Function, failed: CallFailed) -> None:
    log.error(
        "A function failed during a call of an MCP client.\n%s",
        failed.failure.trace.rstrip(),
        extra={"action": "mcp_function_failed", "function": function.name},
    )
