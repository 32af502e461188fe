"""Serves the API route that creates runs for past fire times of a Task (backfill)."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from polysync_core.api.contract.answers import SHARD_FULL
from polysync_core.api.engine import CurrentEngine
from polysync_core.api.models import LocalTime, RunIdText, Time, View
from polysync_core.api.security.audit_record import CurrentRecord, changes_nothing
from polysync_core.api.security.callers import CurrentCaller
from polysync_core.api.use_cases import use_case
from polysync_core.application.schedules.backfill import (
    Backfill,
    BackfilledRun,
    BackfillRequest,
    BackfillResult,
)
from polysync_core.domain.definitions.base import ObjectName
from polysync_core.domain.schedules.backfills import BackfillOrder, Redo

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _date_or_time(value: object, read: ValidatorFunctionWrapHandler) -> datetime | date:
    try:
        found: datetime | date | None = read(value)
    except ValidationError:
        found = None
    # Without the second condition, a time without an offset would count as a date.
    if isinstance(found, datetime) or (found and _DATE.fullmatch(str(value))):
        return found
    raise ValueError(
        "must be a date such as 2026-01-01 (midnight in the zone of the schedule), or a time with "
        "its UTC offset, such as 2026-01-01T00:00:00Z"
    )


type RangeEnd = Annotated[AwareDatetime | date, WrapValidator(_date_or_time)]
"""A time with an offset, or a date in the zone of the schedule."""


class BackfillBody(BaseModel):
    """The request body of Backfill."""

    model_config = ConfigDict(extra="forbid")

    begin: Annotated[
        RangeEnd,
        Field(
            alias="from",
            description="Start (inclusive); a date is midnight in the schedule's zone.",
        ),
    ]
    end: Annotated[
        RangeEnd,
        Field(alias="to", description="End of the range (exclusive), in the form of `from`."),
    ]
    schedule: Annotated[
        ObjectName | None, Field(description="Required if the Task has several schedules.")
    ] = None
    dry_run: Annotated[bool, Field(alias="dryRun", strict=True)] = False
    max_concurrent_runs: Annotated[
        int | None, Field(alias="maxConcurrentRuns", strict=True, ge=1, le=1_000_000)
    ] = None
    priority: Annotated[
        int | None,
        Field(strict=True, ge=-1_000_000, le=1_000_000, description="Empty: the Task's minus 100."),
    ] = None
    order: Annotated[BackfillOrder, Field(description="The order in which the runs start.")] = (
        BackfillOrder.OLDEST_FIRST
    )
    redo: Annotated[
        Redo | None,
        Field(
            description="`failed`: run failed, cancelled and skipped fire times of the range again."
        ),
    ] = None


class BackfilledRunView(View):
    """A fire time of a backfill and its run."""

    scheduled_time: Time
    """The fire time in UTC."""
    local_time: LocalTime
    """The fire time in the time zone of the schedule."""
    note: Annotated[str | None, Field(serialization_alias="remark")]
    """A note about daylight saving time."""
    run_id: RunIdText | None
    """The run of the fire time; null in a dry run if it does not exist."""
    exists: bool
    """True if the run existed before the request."""


class BackfillView(View):
    """The outcome or the plan of a backfill."""

    backfill_id: str
    """The id of the backfill; all of its runs have it."""
    schedule: str
    """The schedule whose fire times were filled."""
    dry_run: bool
    """True if nothing was created."""
    count: int
    """The number of fire times in the range."""
    created: int
    """The number of runs that the request created."""
    existing: int
    """The number of runs that existed before."""
    runs: list[BackfilledRunView]
    """The fire times with their runs, oldest first."""


PLANNED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The plan of a dry run.", "model": BackfillView},
    **SHARD_FULL,
}


CurrentBackfill = Annotated[Backfill, Depends(use_case(Backfill))]


def backfill_routes() -> APIRouter:
    """Return the route of Backfill."""
    routes = APIRouter(tags=["Schedules"])

    @routes.post("/tasks/{name}/backfill", status_code=202, responses=PLANNED)
    def backfill_task(  # noqa: PLR0913
        name: str,
        backfill: CurrentBackfill,
        body: BackfillBody,
        engine: CurrentEngine,
        caller: CurrentCaller,
        record: CurrentRecord,
        response: Response,
    ) -> BackfillView:
        """Create a run for each fire time of a past range that has none.

        A repeated request creates only the runs that are still missing.
        """
        request = BackfillRequest(
            task=name,
            begin=body.begin,
            end=body.end,
            schedule=body.schedule,
            max_concurrent_runs=body.max_concurrent_runs,
            priority=body.priority,
            order=body.order,
            redo=body.redo,
            dry_run=body.dry_run,
            actor=caller.name,
        )
        if body.dry_run:
            response.status_code = 200
            changes_nothing(record)
        return _view(backfill.backfill(request, engine), dry_run=body.dry_run)

    return routes


def _view(result: BackfillResult, *, dry_run: bool) -> BackfillView:
    existing = sum(each.exists for each in result.items)
    return BackfillView(
        backfill_id=result.backfill_id,
        schedule=result.schedule,
        dry_run=dry_run,
        count=len(result.items),
        created=0 if dry_run else len(result.items) - existing,
        existing=existing,
        runs=[_run_view(each, dry_run=dry_run) for each in result.items],
    )


def _run_view(each: BackfilledRun, *, dry_run: bool) -> BackfilledRunView:
    return BackfilledRunView(
        scheduled_time=each.fire.scheduled_time,
        local_time=each.fire.local,
        note=each.fire.note,
        run_id=each.run_id if each.exists or not dry_run else None,
        exists=each.exists,
    )
