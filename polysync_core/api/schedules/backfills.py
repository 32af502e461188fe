"""Serves the API routes that list, show and cancel backfills (runs for past fire times)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from polysync_core.api.definitions.routes import Limit, Token
from polysync_core.api.engine import CurrentEngine
from polysync_core.api.models import Page, Time, View
from polysync_core.api.security.callers import CurrentCaller
from polysync_core.api.use_cases import use_case
from polysync_core.application.schedules.backfill_runs import Backfills
from polysync_core.domain.runs.status import RunStatus
from polysync_core.domain.schedules.backfills import BackfillOrder, BackfillProgress


class BackfillProgressView(View):
    """A backfill with the progress of its runs."""

    backfill_id: str
    """The id of the backfill; all of its runs have it."""
    task: str
    """The Task."""
    schedule: str
    """The schedule whose fire times were filled."""
    begin: Annotated[Time, Field(serialization_alias="from")]
    """The start of the range."""
    end: Annotated[Time, Field(serialization_alias="to")]
    """The end of the range, exclusive."""
    requested_at: Time
    """The time of the first request."""
    requested_by: str
    """The caller of the newest request."""
    order: BackfillOrder
    """The order in which the runs start."""
    max_concurrent_runs: int | None
    """The maximum number of its runs at the same time."""
    count: int
    """The number of fire times in the range."""
    runs: dict[RunStatus, int]
    """The number of runs of each status."""
    is_done: bool
    """True if every run has ended."""
    cancelled_at: Time | None
    """The time at which the backfill was cancelled."""
    cancelled_by: str | None
    """The caller who cancelled the backfill."""


CurrentBackfills = Annotated[Backfills, Depends(use_case(Backfills))]
OfTask = Annotated[str | None, Query(max_length=63, description="Only backfills of this Task.")]


def stored_backfill_routes() -> APIRouter:
    """Return the routes of stored backfills."""
    routes = APIRouter(prefix="/backfills", tags=["Schedules"])

    @routes.get("")
    def list_backfills(
        backfills: CurrentBackfills, task: OfTask = None, limit: Limit = 20, token: Token = None
    ) -> Page[BackfillProgressView]:
        """List backfills with their progress, newest first."""
        page = backfills.page(task, limit=limit, token=token)
        items = [_view(each) for each in page.items]
        return Page[BackfillProgressView](items=items, continuation_token=page.continuation_token)

    @routes.get("/{backfill_id}")
    def get_backfill(backfill_id: str, backfills: CurrentBackfills) -> BackfillProgressView:
        """Read a backfill with its progress."""
        return _view(backfills.get(backfill_id))

    @routes.post("/{backfill_id}/cancel", status_code=202)
    def cancel_backfill(
        backfill_id: str, backfills: CurrentBackfills, engine: CurrentEngine, caller: CurrentCaller
    ) -> BackfillProgressView:
        """Cancel every run of a backfill that has not ended."""
        return _view(backfills.cancel(backfill_id, actor=caller.name, engine=engine))

    return routes


def _view(progress: BackfillProgress) -> BackfillProgressView:
    record = progress.record
    return BackfillProgressView(
        backfill_id=record.backfill_id,
        task=record.task,
        schedule=record.schedule,
        begin=record.begin,
        end=record.end,
        requested_at=record.requested_at,
        requested_by=record.requested_by,
        order=record.order,
        max_concurrent_runs=record.max_concurrent_runs,
        count=len(record.run_ids),
        runs=dict(progress.counts),
        is_done=progress.is_done,
        cancelled_at=record.cancelled_at,
        cancelled_by=record.cancelled_by,
    )
