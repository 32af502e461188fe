"""Implements an MCP server for given tools, resources and prompts, with the official library."""

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

from polysync_embedded.mcp.catalogue import (
    Call,
    CallFailed,
    Catalogue,
    McpResource,
    McpServerInfo,
    McpTool,
    context,
)

log = logging.getLogger(__name__)


class McpServer:
    """Lists and calls the tools, resources and prompts of the catalogue."""

    def __init__(self, catalogue: Catalogue, about: McpServerInfo) -> None:
        self._catalogue = catalogue
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
        # The endpoint has identified the caller, and has checked the headers Host and Origin.
        security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        self.sessions = StreamableHTTPSessionManager(
            server, stateless=True, security_settings=security
        )

    async def _list_tools(self, _context: Any, _params: Any) -> types.ListToolsResult:
        tools = [
            types.Tool(name=tool.name, description=tool.description, input_schema=tool.input_schema)
            for tool in self._catalogue.tools
        ]
        return types.ListToolsResult(tools=tools)

    async def _call_tool(
        self, request: ServerRequestContext, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = self._catalogue.tool(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: '{params.name}'")
        arguments = params.arguments or {}
        if missing := tool.missing(arguments):
            raise MCPError(
                types.INVALID_PARAMS,
                "One or more required tool properties are missing values. "
                f"Please provide: {', '.join(missing)}",
            )
        call_context = context(_headers(request), name=params.name, arguments=arguments)
        try:
            return _tool_result(tool, await tool.call(call_context))
        except CallFailed as failed:
            _report(tool.name, failed)
            return _text(f"An error occurred invoking '{params.name}'.", is_error=True)

    async def _list_resources(self, _context: Any, _params: Any) -> types.ListResourcesResult:
        resources = [
            types.Resource(uri=each.uri, **_described(each))
            for each in self._catalogue.resources
            if not each.is_template
        ]
        return types.ListResourcesResult(resources=resources)

    async def _list_templates(
        self, _context: Any, _params: Any
    ) -> types.ListResourceTemplatesResult:
        templates = [
            types.ResourceTemplate(uri_template=each.uri, **_described(each))
            for each in self._catalogue.resources
            if each.is_template
        ]
        return types.ListResourceTemplatesResult(resource_templates=templates)

    async def _read_resource(
        self, request: ServerRequestContext, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        resource = self._catalogue.resource(str(params.uri))
        if resource is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown resource: '{params.uri}'")
        call_context = context(_headers(request), uri=str(params.uri))
        content = types.TextResourceContents(
            uri=str(params.uri),
            mime_type=resource.mime_type,
            text=await _answer(resource.name, resource.call, call_context),
        )
        return types.ReadResourceResult(contents=[content])

    async def _list_prompts(self, _context: Any, _params: Any) -> types.ListPromptsResult:
        prompts = [
            types.Prompt(
                name=prompt.name,
                title=prompt.title,
                description=prompt.description,
                arguments=[types.PromptArgument.model_validate(each) for each in prompt.arguments],
            )
            for prompt in self._catalogue.prompts
        ]
        return types.ListPromptsResult(prompts=prompts)

    async def _get_prompt(
        self, request: ServerRequestContext, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        prompt = self._catalogue.prompt(params.name)
        if prompt is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown prompt: '{params.name}'")
        call_context = context(
            _headers(request), name=params.name, arguments=params.arguments or {}
        )
        answer = await _answer(prompt.name, prompt.call, call_context)
        text = types.TextContent(type="text", text=answer)
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=text)])


async def _answer(name: str, call: Call, call_context: str) -> str:
    try:
        return await call(call_context)
    except CallFailed as failed:
        _report(name, failed)
        raise MCPError(types.INTERNAL_ERROR, "An error occurred.") from failed


def _headers(request: ServerRequestContext) -> Iterable[tuple[str, str]]:
    return request.request.headers.items() if request.request is not None else ()


def _described(resource: McpResource) -> dict[str, Any]:
    return {
        "name": resource.name,
        "title": resource.title,
        "description": resource.description,
        "mime_type": resource.mime_type,
    }


def _tool_result(tool: McpTool, returned: str) -> types.CallToolResult:
    """Return the result of a tool in the form that the tool declares."""
    if not tool.returns_envelope:
        return _text(returned)
    envelope = json.loads(returned)
    if envelope["type"] == "call_tool_result":
        return types.CallToolResult.model_validate_json(envelope["content"])
    return types.CallToolResult.model_validate({"content": [json.loads(envelope["content"])]})


def _text(text: str, *, is_error: bool = False) -> types.CallToolResult:
    block = types.TextContent(type="text", text=text)
    return types.CallToolResult(content=[block], is_error=is_error)


def _report(name: str, failed: CallFailed) -> None:
    log.error(
        "A function failed during a call of an MCP client.\n%s",
        failed.trace.rstrip(),
        extra={"action": "mcp_function_failed", "function": name},
    )
