"""Defines the role that each route of the console requires."""

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

RULES: dict[Route, Role] = {
    ("GET", "/"): Role.READER,
    # Runs
    ("GET", "/runs"): Role.READER,
    ("GET", "/tasks/{name}/runs"): Role.READER,
    ("POST", "/runs/actions"): Role.OPERATOR,
    ("GET", "/live/runs"): Role.READER,
    ("GET", "/part/runs"): Role.READER,
    # Graph, missed runs, upcoming fire times
    ("GET", "/graph"): Role.READER,
    ("GET", "/part/graph"): Role.READER,
    ("GET", "/live/graph"): Role.READER,
    ("GET", "/live/graph/states"): Role.READER,
    # Tasks
    # Jobs
    # Platforms, vaults
    # Limits
    # Calendars, webhooks
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
}

CONSOLE_ROLES = RoleTable(RULES, OPEN)
"""The table of the console."""
