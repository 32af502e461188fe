"""Declares an Azure Functions MCP trigger per tool, resource and prompt.

The arguments of a call stay in the form of the extension; the tool parses them.
"""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df
from azure.functions import PromptArgument, PromptInvocationContext

from orchestrations.engine import DurableEngine
from polysync_core.api.engine import SCOPE_KEY
from polysync_core.composition import api
from polysync_core.mcp.prompts import PROMPTS, Prompt
from polysync_core.mcp.resources import RESOURCES, Resource
from polysync_core.mcp.tool import Tool
from polysync_core.mcp.tools import TOOLS

blueprint = df.Blueprint()


def _add_tool(tool: Tool[Any]) -> None:
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
    async def call(context: str, durable: str) -> str:
        return await tool.call(context, api(), {SCOPE_KEY: DurableEngine(durable)})


def _add_resource(resource: Resource) -> None:
    @blueprint.function_name(resource.name)
    @blueprint.mcp_resource_trigger(
        arg_name="context",
        uri=resource.uri,
        resource_name=resource.name,
        title=resource.title,
        description=resource.description,
        mime_type=resource.mime_type,
    )
    async def read(context: str) -> str:
        return await resource.read(context, api(), {})


def _add_prompt(prompt: Prompt) -> None:
    arguments = [
        PromptArgument(each.name, each.description, each.required) for each in prompt.arguments
    ]

    @blueprint.function_name(prompt.name)
    @blueprint.mcp_prompt_trigger(
        arg_name="context",
        prompt_name=prompt.name,
        title=prompt.title,
        description=prompt.description,
        prompt_arguments=arguments,
    )
    def write(context: PromptInvocationContext) -> str:
        return prompt.fill(context.arguments)


for each_tool in TOOLS:
    _add_tool(each_tool)
for each_resource in RESOURCES:
    _add_resource(each_resource)
for each_prompt in PROMPTS:
    _add_prompt(each_prompt)
