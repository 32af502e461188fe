"""Serves the API routes that list, pause and resume a Task's schedules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from polysync_core.api.models import Page, Time, View
from polysync_core.api.security.callers import CurrentCaller
from polysync_core.api.use_cases import use_case
from polysync_core.application.schedules.service import ScheduleService, ScheduleStatus
from polysync_core.domain.definitions.base import ObjectName, check_line


class PauseRequest(BaseModel):
    """The request body of Pause."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[
        str,
        # The length is checked after the strip, so the check of characters comes last.
        StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=1000),
        AfterValidator(check_line),
    ]
    schedule: ObjectName | None = None
    """None means all schedules of the Task."""


class ResumeRequest(BaseModel):
    """The request body of Resume."""

    model_config = ConfigDict(extra="forbid")

    schedule: ObjectName | None = None
    """None means all schedules of the Task."""


class PauseView(View):
    """A pause of a schedule."""

    reason: str
    """The reason, as the caller gave it."""
    at: Time
    """The time at which the schedule was paused."""
    by: str
    """The caller who paused it."""


class ScheduleStatusView(View):
    """A schedule of a Task with its progress."""

    name: str
    """The name of the schedule within its Task."""
    cron: str
    """The cron expression."""
    time_zone: str
    """The IANA time zone of the cron expression."""
    enabled: bool
    """False if the definition switches the schedule off."""
    task_enabled: bool
    """False if the Task is switched off; then none of its schedules fires."""
    paused: PauseView | None
    """The pause; null if the schedule is not paused."""
    next_fire_time: Time | None
    """The next fire time; null if the schedule will not fire in its present state."""
    last_fire_time: Time | None
    """The last fire time that was processed."""


CurrentScheduleService = Annotated[ScheduleService, Depends(use_case(ScheduleService))]


def schedule_routes() -> APIRouter:
    """Return the routes of schedules."""
    routes = APIRouter(prefix="/tasks/{name}", tags=["Schedules"])

    @routes.get("/schedules")
    def list_schedules(name: str, schedules: CurrentScheduleService) -> Page[ScheduleStatusView]:
        """List the schedules of a Task with their pauses, next and last fire times."""
        return _view(schedules.statuses(name))

    @routes.post("/pause")
    def pause_task(
        name: str, schedules: CurrentScheduleService, body: PauseRequest, caller: CurrentCaller
    ) -> Page[ScheduleStatusView]:
        """Pause one schedule of a Task, or all of them, until they are resumed."""
        return _view(
            schedules.pause(name, schedule=body.schedule, reason=body.reason, by=caller.name)
        )

    @routes.post("/resume")
    def resume_task(
        name: str, schedules: CurrentScheduleService, body: ResumeRequest | None = None
    ) -> Page[ScheduleStatusView]:
        """Resume one schedule of a Task, or all of them, from now."""
        return _view(schedules.resume(name, schedule=None if body is None else body.schedule))

    return routes


def _view(statuses: Iterable[ScheduleStatus]) -> Page[ScheduleStatusView]:
    return Page(items=[_status_view(each) for each in statuses], continuation_token=None)


def _status_view(status: ScheduleStatus) -> ScheduleStatusView:
    schedule, paused = status.schedule, status.paused
    return ScheduleStatusView(
        name=schedule.name,
        cron=schedule.cron,
        time_zone=schedule.time_zone,
        enabled=schedule.enabled,
        task_enabled=status.task_enabled,
        paused=None if paused is None else PauseView.model_validate(paused),
        next_fire_time=status.next_fire_time,
        last_fire_time=status.last_fire_time,
    )
