"""Defines the caller role that each route of the HTTP API requires."""

from __future__ import annotations

from polysync_core.api.security.role_table import RoleTable
from polysync_core.domain.definitions.kinds import KINDS
from polysync_core.domain.security.roles import Role

OPEN = frozenset({("GET", "/health")})
"""The routes without authentication; their answers contain no data."""

_DEFINITION_PATHS = [spec.path for spec in KINDS]
_WRITES = ("PUT", "PATCH", "DELETE")

RULES: dict[tuple[str, str], Role] = {
    **{("GET", f"/{path}"): Role.READER for path in _DEFINITION_PATHS},
    **{("GET", f"/{path}/{{name}}"): Role.READER for path in _DEFINITION_PATHS},
    **{(m, f"/{path}/{{name}}"): Role.ADMINISTRATOR for path in _DEFINITION_PATHS for m in _WRITES},
    ("GET", "/definitions"): Role.READER,
    ("PUT", "/definitions"): Role.ADMINISTRATOR,
    ("GET", "/versions/{kind}/{name}"): Role.READER,
    ("GET", "/versions/{kind}/{name}/{version}"): Role.READER,
    ("POST", "/versions/{kind}/{name}/{version}/restore"): Role.ADMINISTRATOR,
    ("GET", "/vaults/{name}/test"): Role.READER,
    ("GET", "/platforms/{name}/test"): Role.READER,
    ("GET", "/webhooks/{name}/test"): Role.READER,
    ("GET", "/webhooks/{name}/deliveries"): Role.READER,
    ("GET", "/receivers/{name}/test"): Role.READER,
    ("GET", "/receivers/{name}/deliveries"): Role.READER,
    ("POST", "/vaults/{name}/test"): Role.OPERATOR,
    ("POST", "/platforms/{name}/test"): Role.OPERATOR,
    ("POST", "/webhooks/{name}/test"): Role.OPERATOR,
    ("POST", "/receivers/{name}/test"): Role.OPERATOR,
    ("POST", "/token-issuer/test"): Role.OPERATOR,
    ("POST", "/secrets/test"): Role.ADMINISTRATOR,
    ("GET", "/platforms/{name}/artefacts"): Role.READER,
    ("POST", "/platforms/{name}/import"): Role.ADMINISTRATOR,
    ("POST", "/jobs/{name}/sync-parameters"): Role.ADMINISTRATOR,
    ("GET", "/drift"): Role.READER,
    ("GET", "/jobs/{name}/drift"): Role.READER,
    ("POST", "/jobs/{name}/tasks"): Role.ADMINISTRATOR,
    ("POST", "/jobs/{name}/run"): Role.OPERATOR,
    ("GET", "/jobs/{name}/runs"): Role.READER,
    ("GET", "/jobs/{name}/runs/{run_id}"): Role.READER,
    ("DELETE", "/jobs/{name}/runs/{run_id}"): Role.OPERATOR,
    ("GET", "/jobs/{name}/runs/{run_id}/outputs"): Role.READER,
    ("GET", "/jobs/{name}/status"): Role.READER,
    ("GET", "/job-keys"): Role.READER,
    ("GET", "/jobs/{name}/platform-runs"): Role.READER,
    ("GET", "/contention-profiles/{name}/usage"): Role.READER,
    ("GET", "/limits"): Role.READER,
    ("POST", "/tasks/{name}/run"): Role.OPERATOR,
    ("GET", "/tasks/{name}/gate"): Role.READER,
    ("GET", "/tasks/{name}/fire-times"): Role.READER,
    ("GET", "/tasks/{name}/deadlines"): Role.READER,
    ("GET", "/fire-times"): Role.READER,
    ("GET", "/tasks/{name}/schedules"): Role.READER,
    ("POST", "/tasks/{name}/pause"): Role.OPERATOR,
    ("POST", "/tasks/{name}/resume"): Role.OPERATOR,
    ("POST", "/tasks/{name}/backfill"): Role.OPERATOR,
    ("POST", "/events"): Role.OPERATOR,
    ("GET", "/tasks/{name}/arrivals"): Role.READER,
    ("GET", "/holds"): Role.READER,
    ("POST", "/hold"): Role.OPERATOR,
    ("POST", "/release"): Role.OPERATOR,
    ("POST", "/tasks/{name}/hold"): Role.OPERATOR,
    ("POST", "/tasks/{name}/release"): Role.OPERATOR,
    ("POST", "/platforms/{name}/hold"): Role.OPERATOR,
    ("POST", "/platforms/{name}/release"): Role.OPERATOR,
    ("GET", "/backfills"): Role.READER,
    ("GET", "/backfills/{backfill_id}"): Role.READER,
    ("POST", "/backfills/{backfill_id}/cancel"): Role.OPERATOR,
    ("GET", "/cron"): Role.READER,
    ("GET", "/failures"): Role.READER,
    ("GET", "/graph"): Role.READER,
    ("GET", "/task-runs"): Role.READER,
    ("GET", "/task-runs/{run_id}"): Role.READER,
    ("GET", "/task-runs/{run_id}/history"): Role.READER,
    ("GET", "/task-runs/{run_id}/events"): Role.READER,
    ("GET", "/task-runs/{run_id}/explain"): Role.READER,
    ("GET", "/task-runs/{run_id}/logs"): Role.READER,
    ("POST", "/task-runs/cancel"): Role.OPERATOR,
    ("POST", "/task-runs/{run_id}/cancel"): Role.OPERATOR,
    ("POST", "/task-runs/{run_id}/rerun"): Role.OPERATOR,
    ("GET", "/poison-messages"): Role.READER,
    ("GET", "/missed"): Role.READER,
    ("GET", "/audit"): Role.ADMINISTRATOR,
    ("GET", "/documentation"): Role.READER,
    ("GET", "/metrics"): Role.READER,
    ("GET", "/openapi.json"): Role.READER,
    ("GET", "/docs"): Role.READER,
}

API_ROLES = RoleTable(RULES, OPEN)
"""The table of the API."""
