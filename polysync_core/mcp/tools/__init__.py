"""Lists all MCP tools, in the order of a typical conversation."""

from __future__ import annotations

from typing import Any

from polysync_core.mcp.tool import Tool
from polysync_core.mcp.tools.backfills import CANCEL_BACKFILL, GET_BACKFILL, LIST_BACKFILLS
from polysync_core.mcp.tools.cancel_runs import CANCEL_RUNS
from polysync_core.mcp.tools.definition_lists import LIST_PLATFORMS, LIST_TASKS
from polysync_core.mcp.tools.definitions import APPLY_DEFINITIONS, NEXT_FIRE_TIMES
from polysync_core.mcp.tools.documentation import SEARCH_DOCUMENTATION
from polysync_core.mcp.tools.holds import HOLD_STARTS, LIST_HOLDS, RELEASE_HOLD
from polysync_core.mcp.tools.jobs import CONFIGURE_JOB, CREATE_TASK_FROM_JOB
from polysync_core.mcp.tools.platforms import (
    CHECK_DRIFT,
    IMPORT_PLATFORM_JOBS,
    LIST_PLATFORM_PIPELINES,
)
from polysync_core.mcp.tools.runs import (
    CANCEL_RUN,
    EXPLAIN_RUN,
    GET_RUN,
    GET_RUN_LOGS,
    LIST_RUNS,
    RUN_TASK_ONCE,
)

TOOLS: tuple[Tool[Any], ...] = (
    LIST_TASKS,
    LIST_PLATFORMS,
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
    CANCEL_RUNS,
    LIST_HOLDS,
    HOLD_STARTS,
    RELEASE_HOLD,
    NEXT_FIRE_TIMES,
    LIST_BACKFILLS,
    GET_BACKFILL,
    CANCEL_BACKFILL,
    APPLY_DEFINITIONS,
    SEARCH_DOCUMENTATION,
)
