"""Write docs/reference/mcp-tools.md from the tools themselves.

python -m scripts.mcp_reference
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from polysync_core.api.security.roles import RULES
from polysync_core.mcp.arguments import properties_of
from polysync_core.mcp.prompts import PROMPTS
from polysync_core.mcp.resources import RESOURCES
from polysync_core.mcp.tools import TOOLS

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "mcp-tools.md"

_INTRODUCTION = """\
# The Copilot's tools

What any MCP client finds at `/runtime/webhooks/mcp`; [the Copilot](../howto/copilot.md) says how to
connect one. `python -m scripts.mcp_reference` writes this page from the tools themselves.

A tool asks the HTTP API in the same process, as its caller: roles, checks and the audit are those
of the route that it asks. What changes something says first what it would do, and does it with
`confirm: true`; `apply_definitions` wants the token of its plan, and `run_task_once` needs only
the name of the Task and starts at once. Answers are compact JSON with links into the API. What a
platform or a person wrote stands in a field `untrusted`, each text cut to 2,000 characters. An
answer of more than 60,000 characters is refused.

An error is `{"error": {"status", "message", "problems": [{"field", "message", "nearest",
"allowed"}]}}` with the status that HTTP would have, and `retryAfterSeconds` where trying again
helps.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([_INTRODUCTION, *_tools(), *_resources(), *_prompts()])


def _tools() -> Iterator[str]:
    for tool in TOOLS:
        method, path = tool.asks
        role = RULES[tool.asks]
        yield f"## {tool.name}\n\n{tool.description}\n\nAsks `{method} /api{path}`: `{role}`.\n"
        properties = properties_of(tool.arguments)
        if properties:
            yield "| Argument | Type | |\n|---|---|---|"
            yield from map(_property, properties)
            yield ""


def _property(told: dict[str, Any]) -> str:
    kind = f"list of {told['propertyType']}" if told["isArray"] else told["propertyType"]
    words = [told["description"]] + (["Required."] if told["isRequired"] else [])
    if "enumValues" in told:
        words.append("One of " + ", ".join(f"`{each}`" for each in told["enumValues"]) + ".")
    return f"| `{told['propertyName']}` | {kind} | {' '.join(words)} |"


def _resources() -> Iterator[str]:
    yield "## Documents\n\n| Address | Type | |\n|---|---|---|"
    for each in RESOURCES:
        yield f"| `{each.uri}` | `{each.mime_type}` | {each.description} |"
    yield "\nBoth are for `Polysync.Reader`. An error stands in the document's place.\n"


def _prompts() -> Iterator[str]:
    yield "## Prompts\n"
    for prompt in PROMPTS:
        yield f"`{prompt.name}`: {prompt.description}\n\n| Argument | |\n|---|---|"
        for each in prompt.arguments:
            yield f"| `{each.name}` | {each.description}{' Required.' if each.required else ''} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
