"""Generates docs/reference/mcp-tools.md, the reference of the MCP tools.

python -m scripts.mcp_reference
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Any

from polysync_core.api.security.roles import RULES
from polysync_core.mcp.arguments import properties_of
from polysync_core.mcp.prompts import PROMPTS
from polysync_core.mcp.resources import RESOURCES
from polysync_core.mcp.tools import TOOLS

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "mcp-tools.md"

_INTRODUCTION = """\
# The Copilot's tools

MCP clients find these tools at `/runtime/webhooks/mcp`. [The Copilot](../howto/copilot.md) explains
how to connect a client. `python -m scripts.mcp_reference` generates this page.

A tool calls the HTTP API in the same process, as its caller. So roles, validation and audit are
those of the route that it calls. A tool that changes something first describes the change, and
executes it with `confirm: true`. `apply_definitions` needs the token of its plan instead.
`run_task_once` needs only the name of the Task and starts the run at once. Answers are compact JSON
with links to the API. Content that was written by a platform or a person is in a field `untrusted`;
each text is truncated to 2,000 characters. An answer of more than 60,000 characters is refused.

An error is `{"error": {"status", "message", "problems": [{"field", "message", "nearest",
"allowed"}]}}` with an HTTP status. `retryAfterSeconds` is set if a retry may help.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([_INTRODUCTION, *_tools(), *_resources(), *_prompts()])


def _tools() -> Iterator[str]:
    for tool in TOOLS:
        method, path = tool.route
        role = RULES[tool.route]
        yield f"## {tool.name}\n\n{fill(tool.description, 100)}\n"
        yield f"Calls `{method} /api{path}`: `{role}`.\n"
        properties = properties_of(tool.arguments)
        if properties:
            yield "| Argument | Type | |\n|---|---|---|"
            yield from map(_property, properties)
            yield ""


def _property(argument: dict[str, Any]) -> str:
    kind = (
        f"list of {argument['propertyType']}" if argument["isArray"] else argument["propertyType"]
    )
    words = [argument["description"]] + (["Required."] if argument["isRequired"] else [])
    if "enumValues" in argument:
        words.append("One of " + ", ".join(f"`{each}`" for each in argument["enumValues"]) + ".")
    return f"| `{argument['propertyName']}` | {kind} | {' '.join(words)} |"


def _resources() -> Iterator[str]:
    yield "## Documents\n\n| Address | Type | |\n|---|---|---|"
    for each in RESOURCES:
        yield f"| `{each.uri}` | `{each.mime_type}` | {each.description} |"
    yield "\nBoth need `Polysync.Reader`. An error replaces the document.\n"


def _prompts() -> Iterator[str]:
    yield "## Prompts\n"
    for prompt in PROMPTS:
        yield f"`{prompt.name}`: {prompt.description}\n\n| Argument | |\n|---|---|"
        for each in prompt.arguments:
            yield f"| `{each.name}` | {each.description}{' Required.' if each.required else ''} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
