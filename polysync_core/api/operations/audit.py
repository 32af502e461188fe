"""Serves the route that lists the audit entries."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from polysync_core.api.definitions.routes import Limit, Token
from polysync_core.api.views import time_view
from polysync_core.application.operations.audit import Audit
from polysync_core.domain.audit import AuditEntry
from polysync_core.domain.clock import DayText

Day = Annotated[DayText | None, Query(description="A day in UTC; the default is today.")]


def audit_routes(audit: Audit) -> APIRouter:
    """Return the route of the audit log."""
    routes = APIRouter(tags=["Audit"])

    @routes.get("/audit")
    def list_changes(day: Day = None, limit: Limit = 20, token: Token = None) -> dict[str, Any]:
        """List the changes of a day with their callers, newest first."""
        page = audit.page(day, limit=limit, token=token)
        items = [_view(entry) for entry in page.items]
        return {"items": items, "continuationToken": page.continuation_token}

    return routes


def _view(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": time_view(entry.at),
        "actor": entry.actor,
        "objectId": entry.object_id,
        "method": entry.method,
        "path": entry.path,
        "status": entry.status,
        "runId": entry.run_id,
    }
