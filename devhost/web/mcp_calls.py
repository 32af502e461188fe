"""Builds MCP tools, resources and prompts that call the functions of the app."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from devhost.app.functions import Function
from devhost.app.messages import TypedData
from devhost.app.worker import FunctionApp
from polysync_embedded.mcp.catalogue import (
    Call,
    CallFailed,
    Catalogue,
    McpPrompt,
    McpResource,
    McpTool,
)

TOOL, RESOURCE, PROMPT = "mcpToolTrigger", "mcpResourceTrigger", "mcpPromptTrigger"
TRIGGERS = frozenset({TOOL, RESOURCE, PROMPT})


def catalogue(app: FunctionApp) -> Catalogue:
    """Return the tools, resources and prompts that the triggers of the app declare."""
    functions = {kind: [each for each in app.functions if each.kind == kind] for kind in TRIGGERS}
    return Catalogue(
        tools=[tool(each.trigger, _call(app, each)) for each in functions[TOOL]],
        resources=[resource(each.trigger, _call(app, each)) for each in functions[RESOURCE]],
        prompts=[prompt(each.trigger, _call(app, each)) for each in functions[PROMPT]],
    )


def tool(trigger: Mapping[str, Any], call: Call) -> McpTool:
    """Return the tool that a trigger declares."""
    return McpTool(
        name=trigger["toolName"],
        description=trigger.get("description"),
        properties=json.loads(trigger.get("toolProperties") or "[]"),
        call=call,
        returns_envelope=bool(trigger.get("useResultSchema")),
    )


def resource(trigger: Mapping[str, Any], call: Call) -> McpResource:
    """Return the resource that a trigger declares."""
    return McpResource(
        uri=trigger["uri"],
        name=trigger["resourceName"],
        title=trigger.get("title"),
        description=trigger.get("description"),
        mime_type=trigger.get("mimeType"),
        call=call,
    )


def prompt(trigger: Mapping[str, Any], call: Call) -> McpPrompt:
    """Return the prompt that a trigger declares."""
    return McpPrompt(
        name=trigger["promptName"],
        title=trigger.get("title"),
        description=trigger.get("description"),
        arguments=json.loads(trigger.get("promptArguments") or "[]"),
        call=call,
    )


def _call(app: FunctionApp, function: Function) -> Call:
    async def invoke(context: str) -> str:
        outcome = await app.invoke(function, TypedData(string=context))
        if outcome.failure is not None:
            raise CallFailed(outcome.failure.message, outcome.failure.trace)
        return "" if outcome.value is None else outcome.value.text

    return invoke
