"""Lists all MCP tools, in the order of a typical conversation."""

from __future__ import annotations

from typing import Any

from polysync_core.mcp.definitions import APPLY_DEFINITIONS, NEXT_FIRE_TIMES
from polysync_core.mcp.documentation import SEARCH_DOCUMENTATION
from polysync_core.mcp.jobs import CONFIGURE_JOB, CREATE_TASK_FROM_JOB
from polysync_core.mcp.platforms import (
    CHECK_DRIFT,
    IMPORT_PLATFORM_JOBS,
    LIST_PLATFORM_PIPELINES,
)
from polysync_core.mcp.runs import (
    CANCEL_RUN,
    EXPLAIN_RUN,
    GET_RUN,
    GET_RUN_LOGS,
    LIST_RUNS,
    RUN_TASK_ONCE,
)
from polysync_core.mcp.tool import Tool

TOOLS: tuple[Tool[Any], ...] = (
    LIST_PLATFORM_PIPELINES,
    IMPORT_PLATFORM_JOBS,
    CHECK_DRIFT,
    CONFIGURE_JOB,
    CREATE_TASK_FROM_JOB,
    RUN_TASK_ONCE,
    GET_RUN,
    GET_RUN_LOGS,
    LIST_RUNS,
    EXPLAIN_RUN,
    CANCEL_RUN,
    NEXT_FIRE_TIMES,
    APPLY_DEFINITIONS,
    SEARCH_DOCUMENTATION,
)
