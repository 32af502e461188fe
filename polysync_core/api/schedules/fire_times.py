"""Serves the API routes that list the next fire times of schedules."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field

from polysync_core.api.definitions.routes import Limit, Token
from polysync_core.api.models import LocalTime, Page, Time, View
from polysync_core.api.use_cases import use_case
from polysync_core.application.schedules.preview import FireTimePreview, FutureFireTime
from polysync_core.application.schedules.upcoming import UpcomingFire, UpcomingFireTimes


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
    """Sentences about schedules that will not fire, and about unexpected effects of expressions."""


class UpcomingFireView(FireTimeView):
    """A future fire time of a Task."""

    task: str
    """The Task."""
    job: str
    """The Job of the Task."""
    expected_end: Time | None
    """The end, if the run takes as long as the newest run of the Task; null if that failed."""


class UpcomingFiresView(Page[UpcomingFireView]):
    """Fire times of all Tasks in the order of their starts."""

    complete_until: Time | None
    """Set if too many schedules fire in the window: the list ends at this time."""


Count = Annotated[int, Query(ge=1, le=100, description="The number of fire times.")]


Begin = Annotated[
    AwareDatetime | None, Query(alias="from", description="The start of the window; default: now.")
]
End = Annotated[
    AwareDatetime | None,
    Query(alias="to", description="The end of the window; default: 7 days after its start."),
]

CurrentUpcoming = Annotated[UpcomingFireTimes, Depends(use_case(UpcomingFireTimes))]
CurrentFireTimePreview = Annotated[FireTimePreview, Depends(use_case(FireTimePreview))]


def fire_time_routes() -> APIRouter:
    """Return the routes of the next fire times."""
    routes = APIRouter(tags=["Schedules"])

    @routes.get("/fire-times")
    def list_all_fire_times(
        upcoming: CurrentUpcoming,
        begin: Begin = None,
        end: End = None,
        limit: Limit = 50,
        token: Token = None,
    ) -> UpcomingFiresView:
        """List the fire times of all Tasks in a window, by their start."""
        page = upcoming.page(begin, end, limit=limit, token=token)
        return UpcomingFiresView(
            items=[_upcoming_view(each) for each in page.items],
            continuation_token=page.continuation_token,
            complete_until=page.complete_until,
        )

    @routes.get("/tasks/{name}/fire-times")
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


def _upcoming_view(each: UpcomingFire) -> UpcomingFireView:
    return UpcomingFireView(
        task=each.task,
        job=each.job,
        schedule=each.schedule,
        scheduled_time=each.fire.scheduled_time,
        local_time=each.fire.local,
        time_zone=each.time_zone,
        starts_at=each.starts_at,
        note=each.fire.note,
        excluded=each.excluded_by,
        expected_end=each.expected_end,
    )
