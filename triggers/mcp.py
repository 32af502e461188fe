"""MCP: one function for every tool of the Copilot, in front of the API in this process."""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df

from orchestrations.engine import DurableEngine
from polysync_core.api.engine import SCOPE_KEY
from polysync_core.bootstrap import api
from polysync_core.mcp.tool import Tool
from polysync_core.mcp.tools import TOOLS

blueprint = df.Blueprint()


def _register(tool: Tool[Any]) -> None:
    """Add the function of a tool; its arguments stay in the call, for the tool itself to read."""

    @blueprint.function_name(tool.name)
    @blueprint.mcp_tool_trigger(
        arg_name="context",
        tool_name=tool.name,
        description=tool.description,
        tool_properties=tool.properties,
        use_result_schema=True,
    )
    @blueprint.generic_input_binding(
        arg_name="durable", type="durableClient", durableRequiresGrpc=True
    )
    async def invoke(context: str, durable: str) -> str:
        return await tool.call(context, api(), {SCOPE_KEY: DurableEngine(durable)})


for each in TOOLS:
    _register(each)
