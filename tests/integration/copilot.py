"""The official MCP client, as a copilot uses it."""

from __future__ import annotations

import json
from typing import Any

from mcp.client.client import Client

from devhost.web.mcp_endpoint import PATH
from tests.faults.local_system import LocalSystem


def copilot(system: LocalSystem, mode: str = "legacy") -> Client:
    """Return an MCP client, which connects as it does to the host in Azure."""
    return Client(f"http://127.0.0.1:{system.host.port}{PATH}", mode=mode)


async def ask(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return the answer of a tool, which may be an error."""
    result = await client.call_tool(tool, arguments)
    (block,) = result.content
    content = json.loads(block.text)  # pyright: ignore[reportAttributeAccessIssue]
    assert result.is_error == ("error" in content)
    return content
