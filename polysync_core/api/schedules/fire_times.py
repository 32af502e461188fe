"""Serves the route that lists the next fire times of a Task."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from polysync_core.api.models import LocalTime, Page, Time, View
from polysync_core.api.use_cases import use_case
from polysync_core.application.schedules.preview import FireTimePreview, FutureFireTime


class FireTimeView(View):
    """A future fire time of a schedule."""

    schedule: str
    """The schedule."""
    scheduled_time: Time
    """The fire time in UTC."""
    local_time: LocalTime
    """The fire time in the time zone of the schedule."""
    time_zone: str
    """The IANA time zone of the schedule."""
    starts_at: Time
    """The fire time plus the jitter of the schedule."""
    note: Annotated[str | None, Field(serialization_alias="remark")]
    """A note about daylight saving time."""
    excluded: str | None
    """The calendar that excludes the fire time."""


class FireTimesView(Page[FireTimeView]):
    """The next fire times of a Task."""

    notes: list[str]
    """Sentences about the schedules that will not fire, and why."""


Count = Annotated[int, Query(ge=1, le=100, description="The number of fire times.")]


CurrentFireTimePreview = Annotated[FireTimePreview, Depends(use_case(FireTimePreview))]


def fire_time_routes() -> APIRouter:
    """Return the route of the next fire times."""
    routes = APIRouter()

    @routes.get("/tasks/{name}/fire-times", tags=["Schedules"])
    def list_fire_times(
        name: str, fire_times: CurrentFireTimePreview, count: Count = 10
    ) -> FireTimesView:
        """List the next fire times of a Task, with notes on daylight saving and calendars."""
        preview = fire_times.preview(name, count=count)
        return FireTimesView(
            items=[_view(each) for each in preview.fires],
            notes=list(preview.notes),
            continuation_token=None,
        )

    return routes


def _view(each: FutureFireTime) -> FireTimeView:
    return FireTimeView(
        schedule=each.schedule.name,
        scheduled_time=each.fire.scheduled_time,
        local_time=each.fire.local,
        time_zone=each.schedule.time_zone,
        starts_at=each.starts_at,
        note=each.fire.note,
        excluded=each.excluded_by,
    )
