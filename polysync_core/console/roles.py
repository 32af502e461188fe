"""Defines the user role that each route of the console requires."""

from __future__ import annotations

from polysync_core.api.security.role_table import RoleTable, Route
from polysync_core.domain.security.roles import Role

OPEN: frozenset[Route] = frozenset(
    {
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("POST", "/sign-out"),
        ("GET", "/static/{file}"),
    }
)
"""The routes without authentication; their answers contain no data."""


def _editor(section: str) -> dict[Route, Role]:
    """Return the routes of an editor and of its list."""
    return {
        ("GET", f"/{section}"): Role.READER,
        ("GET", f"/{section}/-/new"): Role.ADMINISTRATOR,
        ("POST", f"/{section}/-/new"): Role.ADMINISTRATOR,
        ("GET", f"/{section}/{{name}}"): Role.READER,
        ("POST", f"/{section}/{{name}}"): Role.ADMINISTRATOR,
        ("GET", f"/{section}/{{name}}/delete"): Role.ADMINISTRATOR,
        ("POST", f"/{section}/{{name}}/delete"): Role.ADMINISTRATOR,
        ("GET", f"/{section}/{{name}}/versions"): Role.READER,
        ("GET", f"/{section}/{{name}}/versions/{{number}}"): Role.READER,
    }


RULES: dict[Route, Role] = {
    ("GET", "/"): Role.READER,
    ("GET", "/jump"): Role.READER,
    ("GET", "/part/jump"): Role.READER,
    # Runs
    ("GET", "/runs"): Role.READER,
    ("GET", "/tasks/{name}/runs"): Role.READER,
    ("GET", "/runs/cancel"): Role.OPERATOR,
    ("POST", "/runs/actions"): Role.OPERATOR,
    ("GET", "/runs/{run_id}"): Role.READER,
    ("GET", "/runs/{run_id}/details"): Role.READER,
    ("POST", "/runs/{run_id}/cancel"): Role.OPERATOR,
    ("GET", "/runs/{run_id}/rerun"): Role.OPERATOR,
    ("POST", "/runs/{run_id}/rerun"): Role.OPERATOR,
    ("GET", "/live/runs/{run_id}"): Role.READER,
    ("GET", "/live/runs"): Role.READER,
    ("GET", "/part/runs"): Role.READER,
    # Graph, missed runs, upcoming fire times
    ("GET", "/graph"): Role.READER,
    ("GET", "/part/graph"): Role.READER,
    ("GET", "/missed"): Role.READER,
    ("GET", "/upcoming"): Role.READER,
    ("GET", "/holds"): Role.READER,
    ("POST", "/holds"): Role.OPERATOR,
    ("POST", "/missed/repair"): Role.OPERATOR,
    ("GET", "/live/graph"): Role.READER,
    ("GET", "/live/graph/states"): Role.READER,
    # Tasks
    **_editor("tasks"),
    ("GET", "/part/schedule"): Role.READER,
    ("GET", "/part/retry"): Role.READER,
    ("GET", "/zones"): Role.READER,
    ("GET", "/part/zones"): Role.READER,
    ("GET", "/tasks/{name}/gate"): Role.READER,
    ("GET", "/tasks/{name}/events"): Role.READER,
    ("GET", "/tasks/{name}/run"): Role.OPERATOR,
    ("POST", "/tasks/{name}/run"): Role.OPERATOR,
    ("GET", "/tasks/{name}/backfill"): Role.OPERATOR,
    ("POST", "/tasks/{name}/backfill"): Role.OPERATOR,
    ("POST", "/tasks/{name}/backfills/{backfill_id}/cancel"): Role.OPERATOR,
    ("POST", "/tasks/{name}/pause"): Role.OPERATOR,
    ("POST", "/tasks/{name}/resume"): Role.OPERATOR,
    ("POST", "/tasks/-/pause"): Role.OPERATOR,
    ("POST", "/tasks/-/resume"): Role.OPERATOR,
    ("POST", "/tasks/-/enable"): Role.ADMINISTRATOR,
    ("POST", "/tasks/-/disable"): Role.ADMINISTRATOR,
    # Jobs
    **_editor("jobs"),
    ("GET", "/jobs/{name}/sync"): Role.READER,
    ("POST", "/jobs/{name}/sync"): Role.ADMINISTRATOR,
    ("GET", "/jobs/{name}/task"): Role.ADMINISTRATOR,
    ("POST", "/jobs/{name}/task"): Role.ADMINISTRATOR,
    ("GET", "/jobs/{name}/platform-runs"): Role.READER,
    ("GET", "/jobs/{name}/run"): Role.OPERATOR,
    ("POST", "/jobs/{name}/run"): Role.OPERATOR,
    ("GET", "/live/jobs/{name}"): Role.OPERATOR,
    ("GET", "/live/jobs/{name}/runs/{run_id}"): Role.OPERATOR,
    ("GET", "/part/jobs/{name}/runs/{run_id}"): Role.OPERATOR,
    # Platforms, vaults
    **_editor("platforms"),
    ("POST", "/platforms/{name}/test"): Role.OPERATOR,
    ("GET", "/platforms/{name}/artefacts"): Role.READER,
    ("POST", "/platforms/{name}/artefacts"): Role.ADMINISTRATOR,
    **_editor("vaults"),
    ("POST", "/vaults/{name}/test"): Role.OPERATOR,
    # Limits
    **_editor("limits"),
    ("GET", "/part/limits"): Role.READER,
    ("GET", "/live/limits"): Role.READER,
    # Calendars, webhooks, receivers
    **_editor("calendars"),
    **_editor("webhooks"),
    ("POST", "/webhooks/{name}/test"): Role.OPERATOR,
    **_editor("receivers"),
    ("POST", "/receivers/{name}/test"): Role.OPERATOR,
    # Definitions, audit, help
    ("GET", "/definitions"): Role.READER,
    ("GET", "/definitions/export"): Role.READER,
    ("POST", "/definitions"): Role.ADMINISTRATOR,
    ("GET", "/audit"): Role.ADMINISTRATOR,
    ("GET", "/help"): Role.READER,
    ("GET", "/help/api"): Role.READER,
    ("GET", "/help/api/{operation}"): Role.READER,
    ("GET", "/help/{name}"): Role.READER,
    ("GET", "/help/{folder}/{name}"): Role.READER,
    ("GET", "/help/{folder}/{inner}/{name}"): Role.READER,
}

CONSOLE_ROLES = RoleTable(RULES, OPEN)
"""The table of the console."""
