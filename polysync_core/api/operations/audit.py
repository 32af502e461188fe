"""Serves the API route that lists audit entries, the records of changing requests."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from polysync_core.api.definitions.routes import Limit, Token
from polysync_core.api.models import Page, Time, View
from polysync_core.api.use_cases import use_case
from polysync_core.application.operations.audit import Audit
from polysync_core.domain.clock import DayText


class AuditEntryView(View):
    """One changing call of the API."""

    at: Time
    """The time at which the call was made."""
    actor: str
    """The name of the caller."""
    object_id: str | None
    """The Entra object id of the caller."""
    method: str
    """The HTTP method of the call."""
    path: str
    """The path of the call, without the prefix `/api`."""
    status: int | None
    """The status of a call that changed nothing; null for a change."""
    run_id: str | None
    """The run that the call has started on a platform."""


Day = Annotated[DayText | None, Query(description="A day in UTC; the default is today.")]


CurrentAudit = Annotated[Audit, Depends(use_case(Audit))]


def audit_routes() -> APIRouter:
    """Return the route of the audit log."""
    routes = APIRouter(tags=["Audit"])

    @routes.get("/audit")
    def list_audit_entries(
        audit: CurrentAudit, day: Day = None, limit: Limit = 20, token: Token = None
    ) -> Page[AuditEntryView]:
        """List the changes of a day with their callers, newest first."""
        page = audit.page(day, limit=limit, token=token)
        items = [AuditEntryView.model_validate(entry) for entry in page.items]
        return Page(items=items, continuation_token=page.continuation_token)

    return routes
