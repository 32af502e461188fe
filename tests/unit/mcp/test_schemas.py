"""Tests for the descriptions of the tools' arguments.

`schemas.json` has the schemas that the host generates from the triggers' properties. Every model
that uses the tools sees a change of this file, so the change must be reviewed. `ACCEPT=1 pytest
tests/unit/mcp/test_schemas.py` writes the file.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from devhost.web import mcp_calls
from polysync_core.mcp.tools import TOOLS

SNAPSHOT = Path(__file__).with_name("schemas.json")
INDEXED = Path(__file__).parents[2] / "integration" / "functions.json"


def test_the_schemas_are_the_reviewed_ones() -> None:
    schemas = {
        name: {
            "description": each["description"],
            "inputSchema": mcp_calls.tool(each, _call).input_schema,
        }
        for name, bindings in json.loads(INDEXED.read_text()).items()
        for each in bindings
        if each["type"] == mcp_calls.TOOL
    }
    if os.environ.get("ACCEPT"):
        SNAPSHOT.write_text(json.dumps(schemas, indent=2, ensure_ascii=False) + "\n")

    assert schemas == json.loads(SNAPSHOT.read_text())


def test_every_tool_and_argument_is_described() -> None:
    schemas = json.loads(SNAPSHOT.read_text())

    assert sorted(schemas) == sorted(tool.name for tool in TOOLS)
    for name, tool in schemas.items():
        assert tool["description"].endswith("."), name
        for argument, schema in tool["inputSchema"]["properties"].items():
            assert schema["description"], f"{name}.{argument}"


async def _call(context: str) -> str:
    raise AssertionError(context)
