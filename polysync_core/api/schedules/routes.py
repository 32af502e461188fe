"""Serves the routes that list, pause and resume the schedules of a Task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from polysync_core.api.security.callers import CurrentCaller
from polysync_core.api.views import time_view
from polysync_core.application.schedules.service import ScheduleService, ScheduleStatus
from polysync_core.domain.definitions.base import Line, ObjectName


class PauseRequest(BaseModel):
    """The request body of Pause."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[
        Line, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=1000)
    ]
    schedule: ObjectName | None = None
    """None means all schedules of the Task."""


class ResumeRequest(BaseModel):
    """The request body of Resume."""

    model_config = ConfigDict(extra="forbid")

    schedule: ObjectName | None = None
    """None means all schedules of the Task."""


def schedule_routes(schedules: ScheduleService) -> APIRouter:
    """Return the routes of schedules."""
    routes = APIRouter(prefix="/tasks/{name}", tags=["Schedules"])

    @routes.get("/schedules")
    def list_schedules(name: str) -> dict[str, Any]:
        """List the schedules of a Task with their pauses, next and last fire times."""
        return _view(schedules.statuses(name))

    @routes.post("/pause")
    def pause(name: str, body: PauseRequest, caller: CurrentCaller) -> dict[str, Any]:
        """Pause one schedule of a Task, or all of them, until they are resumed."""
        return _view(
            schedules.pause(name, schedule=body.schedule, reason=body.reason, by=caller.name)
        )

    @routes.post("/resume")
    def resume(name: str, body: ResumeRequest | None = None) -> dict[str, Any]:
        """Resume one schedule of a Task, or all of them, from now."""
        return _view(schedules.resume(name, schedule=None if body is None else body.schedule))

    return routes


def _view(statuses: Iterable[ScheduleStatus]) -> dict[str, Any]:
    return {"items": [_status_view(each) for each in statuses], "continuationToken": None}


def _status_view(status: ScheduleStatus) -> dict[str, Any]:
    schedule, paused = status.schedule, status.paused
    return {
        "name": schedule.name,
        "cron": schedule.cron,
        "timeZone": schedule.time_zone,
        "enabled": schedule.enabled,
        "paused": None
        if paused is None
        else {"reason": paused.reason, "at": time_view(paused.at), "by": paused.by},
        "nextFireTime": time_view(status.next_fire_time),
        "lastFireTime": time_view(status.last_fire_time),
    }
