"""Serves the HTML page that lists the upcoming fire times of all Tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Annotated

import htpy as h
from fastapi import Depends, Query, Request, Response
from htpy import Element, Node

from polysync_core.api.schedules.fire_times import CurrentUpcoming
from polysync_core.api.use_cases import use_case
from polysync_core.application.schedules.tight_limits import TightLimits
from polysync_core.application.schedules.upcoming import (
    MAX_SCHEDULES,
    Position,
    UpcomingFire,
    UpcomingPage,
)
from polysync_core.console.parts.notices import empty_state, notice
from polysync_core.console.parts.tables import older_link, table
from polysync_core.console.parts.times import (
    absolute_text,
    absolute_time,
    clock_time,
    duration_text,
    nothing,
)
from polysync_core.console.paths import limit_path, page_path, task_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page
from polysync_core.domain.errors import Malformed

PAGE_SIZE = 50
_COLUMNS = ("Starts (UTC)", "In its zone", "Task", "Schedule", "Expected end", "Notes")

CurrentTightLimits = Annotated[TightLimits, Depends(use_case(TightLimits))]
Day = Annotated[str, Query(max_length=40)]
After = Annotated[str | None, Query(max_length=8_192)]

router = PageRouter()


@router.get("/upcoming")
def upcoming_page(  # noqa: PLR0913 - one parameter for each part of the address
    request: Request,
    upcoming: CurrentUpcoming,
    limits: CurrentTightLimits,
    begin: Annotated[Day, Query(alias="from")] = "",
    end: Annotated[Day, Query(alias="to")] = "",
    after: After = None,
) -> Response:
    """Show the runs that the schedules will start, in order of their start."""
    found = upcoming.page(_moment(begin, "from"), _moment(end, "to"), limit=PAGE_SIZE, token=after)
    return page(
        request,
        "Upcoming",
        _window(found),
        h.div(".stack")[_content(found, limits.exceeded(found.items))],
        older_link(_next(found, begin, end), label="Later"),
        section="upcoming",
        beside=h.span(".nothing")[f"{absolute_text(found.begin)} to {absolute_text(found.end)}"],
    )


def _moment(text: str, field: str) -> datetime | None:
    """Return the time of a field; a date is midnight in UTC."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed.at(field, "must be a date such as 2026-12-31, or a time") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _next(found: UpcomingPage, begin: str, end: str) -> str | None:
    token = found.continuation_token
    return None if token is None else page_path("upcoming", from_=begin, to=end, after=token)


def _window(found: UpcomingPage) -> Element:
    first, last = found.begin.date(), found.end.date()
    return h.form(".filters", method="get", action=page_path("upcoming"))[
        h.label["From", h.input(type="date", name="from", value=first.isoformat())],
        h.label["To", h.input(type="date", name="to", value=last.isoformat())],
        h.span(".nothing")["in UTC"],
        h.button(type="submit")["Show"],
        [
            h.a(".button", href=page_path("upcoming", to=(first + step).isoformat()))[label]
            for label, step in (("1 day", timedelta(days=1)), ("30 days", timedelta(days=30)))
        ],
    ]


def _content(found: UpcomingPage, exceeded: Mapping[Position, Sequence[str]]) -> Node:
    if not found.items and found.complete_until is None:
        return empty_state(
            "No schedule fires in this window.",
            h.a(".button", href=page_path("tasks"))["Tasks"],
            command="polysync fire-times --days 30",
        )
    fires = table("Fire times by their start", _COLUMNS, _rows(found.items, exceeded))
    return [h.div(".card")[fires], _end_note(found)]


def _rows(
    fires: Sequence[UpcomingFire], exceeded: Mapping[Position, Sequence[str]]
) -> Iterator[Element]:
    """Yield a heading for each day, and a line for each fire time."""
    for day, of_day in groupby(fires, key=lambda fire: fire.starts_at.astimezone(UTC).date()):
        yield h.tr(".day")[h.th(colspan=str(len(_COLUMNS)), scope="colgroup")[_day_text(day)]]
        for fire in of_day:
            yield _row(fire, exceeded.get(fire.position, ()))


def _day_text(day: date) -> str:
    return f"{day:%A}, {day.isoformat()}"


def _row(fire: UpcomingFire, exceeded: Sequence[str]) -> Element:
    local = fire.fire.local
    return h.tr(class_="off" if fire.excluded_by else None)[
        h.th(scope="row")[clock_time(fire.starts_at)],
        h.td[f"{local:%Y-%m-%d %H:%M}", " ", h.small[fire.time_zone]],
        h.td[h.a(href=task_path(fire.task))[fire.task]],
        h.td[h.a(href=task_path(fire.task, tab="scheduling"))[fire.schedule]],
        h.td[_expected_end(fire)],
        h.td(".break")[_notes(fire, exceeded)],
    ]


def _expected_end(fire: UpcomingFire) -> Node:
    end = fire.expected_end
    if end is None:
        return nothing()
    same_day = end.astimezone(UTC).date() == fire.starts_at.astimezone(UTC).date()
    return [
        clock_time(end) if same_day else absolute_time(end),
        h.small[f" after {duration_text(fire.usual_duration)}"],
    ]


def _notes(fire: UpcomingFire, exceeded: Sequence[str]) -> Node:
    late = fire.starts_at - fire.fire.scheduled_time
    notes: list[Node] = []
    if fire.excluded_by is not None:
        calendar = h.a(href=page_path("calendars", fire.excluded_by))[fire.excluded_by]
        notes.append(h.span(".badge.warning")["does not fire: ", calendar])
    if late:
        notes.append(f"jitter of {duration_text(late)}")
    if fire.fire.note:
        notes.append(fire.fire.note)
    for name in exceeded:
        link = h.a(href=limit_path(name))[name]
        notes.append(h.span(".badge.warning")["may wait for ", link])
    joined = [[h.br if number else None, each] for number, each in enumerate(notes)]
    return joined or nothing()


def _end_note(found: UpcomingPage) -> Node:
    if found.complete_until is None:
        return None
    return notice(
        "info",
        f"More than {MAX_SCHEDULES} schedules fire in this window. The list ends at ",
        absolute_time(found.complete_until),
        ". Choose a later start to see more.",
    )
