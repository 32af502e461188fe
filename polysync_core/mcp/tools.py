"""Every tool there is."""

from __future__ import annotations

from typing import Any

from polysync_core.mcp.runs import LIST_RUNS
from polysync_core.mcp.tool import Tool

TOOLS: tuple[Tool[Any], ...] = (LIST_RUNS,)
