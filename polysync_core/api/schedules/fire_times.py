"""The route that tells when a Task's schedules fire next."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from polysync_core.api.views import time_view
from polysync_core.application.schedules.preview import FireTimePreview, Foreseen

Count = Annotated[int, Query(ge=1, le=100, description="How many.")]


def fire_time_routes(fire_times: FireTimePreview) -> APIRouter:
    """Return the route."""
    routes = APIRouter()

    @routes.get("/tasks/{name}/fire-times", tags=["tasks"])
    def next_fire_times(name: str, count: Count = 10) -> dict[str, Any]:
        """Tell when a Task's schedules fire next, with what the clocks and calendars do to it."""
        preview = fire_times.preview(name, count=count)
        return {
            "items": [_view(each) for each in preview.fires],
            "notes": list(preview.notes),
            "continuationToken": None,
        }

    return routes


def _view(foreseen: Foreseen) -> dict[str, Any]:
    return {
        "schedule": foreseen.schedule.name,
        "scheduledTime": time_view(foreseen.fire.nominal),
        "localTime": foreseen.fire.local.isoformat(),
        "timeZone": foreseen.schedule.time_zone,
        "startsAt": time_view(foreseen.starts_at),
        "remark": foreseen.fire.remark,
        "excluded": foreseen.excluded_by,
    }
