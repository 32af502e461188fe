"""Serves the route that lists the next fire times of a Task."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from polysync_core.api.views import time_view
from polysync_core.application.schedules.preview import FireTimePreview, FutureFireTime

Count = Annotated[int, Query(ge=1, le=100, description="The number of fire times.")]


def fire_time_routes(fire_times: FireTimePreview) -> APIRouter:
    """Return the route of the next fire times."""
    routes = APIRouter()

    @routes.get("/tasks/{name}/fire-times", tags=["tasks"])
    def next_fire_times(name: str, count: Count = 10) -> dict[str, Any]:
        """List the next fire times of a Task, with notes on daylight saving and calendars."""
        preview = fire_times.preview(name, count=count)
        return {
            "items": [_view(each) for each in preview.fires],
            "notes": list(preview.notes),
            "continuationToken": None,
        }

    return routes


def _view(each: FutureFireTime) -> dict[str, Any]:
    return {
        "schedule": each.schedule.name,
        "scheduledTime": time_view(each.fire.scheduled_time),
        "localTime": each.fire.local.isoformat(),
        "timeZone": each.schedule.time_zone,
        "startsAt": time_view(each.starts_at),
        "remark": each.fire.note,
        "excluded": each.excluded_by,
    }
