"""The official MCP client, as a copilot uses it."""

from __future__ import annotations

import json
from typing import Any

from mcp.client.client import Client

from devhost.web.mcp_front import PATH
from tests.faults.local_system import LocalSystem


def copilot(system: LocalSystem, mode: str = "legacy") -> Client:
    """Return a client of a site, to be entered; it begins as clients of the cloud's host do."""
    return Client(f"http://127.0.0.1:{system.host.port}{PATH}", mode=mode)


async def ask(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return what a tool answers; an error is an answer too."""
    result = await client.call_tool(tool, arguments)
    (block,) = result.content
    content = json.loads(block.text)  # pyright: ignore[reportAttributeAccessIssue]
    assert result.is_error == ("error" in content)
    return content
