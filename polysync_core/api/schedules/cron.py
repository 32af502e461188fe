"""Serves the API route that explains a cron expression and previews its fire times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field, ValidationError

from polysync_core.api.models import LocalTime, Time, View
from polysync_core.api.use_cases import use_case
from polysync_core.application.schedules.preview import FutureFireTime
from polysync_core.application.schedules.schedule_preview import SchedulePreview, SchedulePreviews
from polysync_core.domain.definitions.schedules import Fold, Gap, Schedule
from polysync_core.domain.definitions.validation.messages import problems_of
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.schedules.fire_times import FireTime
from polysync_core.domain.schedules.outlook import ChangeOutlook, DayOutlook

_MAX_DATES = 100
"""The maximum number of excluded dates in one answer."""


class CronFireTimeView(View):
    """A fire time of a cron expression."""

    scheduled_time: Time
    """The fire time in UTC."""
    local_time: LocalTime
    """The fire time in the time zone."""
    note: Annotated[str | None, Field(serialization_alias="remark")]
    """A note about daylight saving time."""
    excluded: str | None
    """The calendar that excludes the fire time."""


class ExcludedDateView(View):
    """A date on which a calendar excludes fire times."""

    day: Annotated[date, Field(serialization_alias="date")]
    """The date in the time zone."""
    calendar: str
    """The calendar."""
    count: int
    """The number of fire times on the date."""


class ClockChangeView(View):
    """A clock change that affects fire times."""

    at: Time
    """The instant of the change."""
    count: int
    """The number of fire times with a remark about the change."""
    fire_times: list[CronFireTimeView]
    """The first of these fire times."""


class CronView(View):
    """A cron expression in words, with its next fire times."""

    expression: str
    """The expression of the request."""
    fields: str
    """The five or six fields; for a name such as `@daily`, its fields."""
    time_zone: str
    """The IANA time zone."""
    description: str
    """The dates and times in one sentence."""
    notes: list[str]
    """Sentences about unexpected effects of parts of the expression."""
    fire_times: list[CronFireTimeView]
    """The next fire times; those that a calendar excludes are included."""
    count_in_year: int
    """The number of fire times in the next 365 days that no calendar excludes."""
    excluded_in_year: int
    """The number of fire times in the next 365 days that calendars exclude."""
    excluded_dates: list[ExcludedDateView]
    """The excluded dates of the next 365 days; at most 100."""
    clock_changes: list[ClockChangeView]
    """The clock changes of the next 365 days that affect fire times."""


Expression = Annotated[str, Query(max_length=200, description="Five or six fields, or a name.")]
Zone = Annotated[str, Query(alias="timeZone", max_length=64, description="An IANA time zone.")]
Calendars = Annotated[
    list[str] | None, Query(alias="calendar", max_length=100, description="A calendar's name.")
]
Count = Annotated[int, Query(ge=1, le=100, description="The number of fire times.")]

CurrentSchedulePreviews = Annotated[SchedulePreviews, Depends(use_case(SchedulePreviews))]


def cron_routes() -> APIRouter:
    """Return the route of cron expressions."""
    routes = APIRouter(tags=["Schedules"])

    @routes.get("/cron")
    def explain_cron(  # noqa: PLR0913 - one parameter for each field of a schedule
        previews: CurrentSchedulePreviews,
        expression: Expression,
        time_zone: Zone = "UTC",
        gap: Annotated[Gap, Query(description="The rule for skipped times.")] = Gap.RUN_AFTER,
        fold: Annotated[Fold, Query(description="The rule for repeated times.")] = Fold.AUTO,
        calendars: Calendars = None,
        count: Count = 5,
    ) -> CronView:
        """Explain a cron expression in words, with its next fire times and notes.

        Nothing is saved. The rules and calendars are those of a schedule.
        """
        fields = {"cron": expression, "timeZone": time_zone, "gap": gap, "fold": fold}
        schedule = _schedule(fields | {"calendars": tuple(calendars or ())})
        return _view(previews.preview(schedule, count=count))

    return routes


def _schedule(fields: Mapping[str, object]) -> Schedule:
    """Return the schedule of a request, or raise `Invalid` that names the query parameters."""
    try:
        return Schedule.model_validate({"name": "cron", **fields})
    except ValidationError as error:
        problems = problems_of(error, Schedule)
        raise Invalid(
            [Problem(_parameter(each.path), each.message) for each in problems]
        ) from error


def _parameter(path: str) -> str:
    return "expression" if path == "cron" else path


def _view(preview: SchedulePreview) -> CronView:
    year, description = preview.year, preview.description
    return CronView(
        expression=preview.schedule.cron,
        fields=description.fields,
        time_zone=preview.schedule.time_zone,
        description=description.sentence,
        notes=list(preview.notes),
        fire_times=[_fire_time(each) for each in preview.fires],
        count_in_year=year.count,
        excluded_in_year=year.excluded,
        excluded_dates=[_excluded(each) for each in year.excluded_days[:_MAX_DATES]],
        clock_changes=[_change(each) for each in year.affected],
    )


def _fire_time(each: FutureFireTime) -> CronFireTimeView:
    return _fire_time_view(each.fire, each.excluded_by)


def _fire_time_view(fire: FireTime, excluded: str | None = None) -> CronFireTimeView:
    return CronFireTimeView(
        scheduled_time=fire.scheduled_time,
        local_time=fire.local,
        note=fire.note,
        excluded=excluded,
    )


def _excluded(each: DayOutlook) -> ExcludedDateView:
    return ExcludedDateView(day=each.day, calendar=each.excluded_by or "", count=each.count)


def _change(each: ChangeOutlook) -> ClockChangeView:
    return ClockChangeView(
        at=each.change.at,
        count=each.count,
        fire_times=[_fire_time_view(fire) for fire in each.fires],
    )
