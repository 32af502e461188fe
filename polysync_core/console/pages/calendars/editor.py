"""Serves the HTML pages that list and edit calendars, with a clickable year."""

from __future__ import annotations

from typing import Annotated

import htpy as h
from fastapi import Query, Request, Response
from htpy import Element, Node

from polysync_core.api.definitions.routes import CurrentDefinitionEditing
from polysync_core.application.schedules.calendar_uses import MOST_USES, CalendarUse, CalendarUses
from polysync_core.console.editing.editor import Editor, EditorPage, EditorTab
from polysync_core.console.editing.flow import checked_definition
from polysync_core.console.editing.frame import do_button
from polysync_core.console.editing.lists import DefinitionList, list_page
from polysync_core.console.editing.routes import editor_routes
from polysync_core.console.forms.problems import control_id
from polysync_core.console.forms.raw import Raw
from polysync_core.console.forms.rows import form_fields
from polysync_core.console.pages.calendars.year import YearView
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import nothing
from polysync_core.console.paths import task_path
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.schedules import Calendar
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonObject, JsonValue

_SECTION = "calendars"
_FIRST_YEAR, _LAST_YEAR = 1900, 8999
_SHOWN_DAYS = 12

After = Annotated[str | None, Query(description="The token of the page before.")]


def _dates(stored: StoredDefinition[Definition]) -> Node:
    found = stored.definition
    return str(len(found.dates)) if isinstance(found, Calendar) else None


def _ranges(stored: StoredDefinition[Definition]) -> Node:
    found = stored.definition
    return str(len(found.ranges)) if isinstance(found, Calendar) else None


CALENDARS = DefinitionList(
    kind=Kind.CALENDAR,
    section=_SECTION,
    title="Calendars",
    columns={"Dates": _dates, "Ranges": _ranges},
    purpose="A calendar is a set of dates on which schedules do not fire, such as holidays.",
)


def _days(state: EditorPage) -> Node:
    """Draw the year of the draft, the field for a further date, and the ranges."""
    year = _year(state)
    chosen = {day: position for position, day in enumerate(_texts(state.view.value("dates")))}
    view = YearView(
        year=year,
        today=_uses(state).clock().date(),
        chosen=chosen,
        ranges=[*_range_texts(state.view.value("ranges"))],
        control_id=lambda position: control_id(f"dates[{position}]"),
        is_read_only=state.is_read_only,
    )
    return [
        h.fieldset(".field", id=control_id("dates"))[
            h.legend["Dates"],
            h.p(".help")["The schedules of the calendar do not fire on the chosen days."],
            _year_bar(state, year),
            view.draw(),
            None if state.is_read_only else _further_date(),
        ],
        form_fields(state.view, "ranges"),
    ]


def _year_bar(state: EditorPage, year: int) -> Element:
    def to(other: int) -> Element:
        return h.button(do_button(state.view, f"year:{other}"), type="submit")[str(other)]

    return h.div(".actions")[
        h.input(type="hidden", name="~year", value=str(year)),
        to(year - 1) if year > _FIRST_YEAR else None,
        h.b(aria_current="true")[str(year)],
        to(year + 1) if year < _LAST_YEAR else None,
    ]


def _further_date() -> Element:
    return h.div(".field")[
        h.label(for_="further-date")["A further date"],
        h.input(id="further-date", type="date", name="dates[]"),
    ]


def _year(state: EditorPage) -> int:
    """Return the year to show: of the request, else of the form, else the current year."""
    asked = state.chosen or state.request.query_params.get("year") or state.hidden.get("~year", "")
    if asked.isdecimal() and _FIRST_YEAR <= int(asked[:5]) <= _LAST_YEAR:
        return int(asked)
    return _uses(state).clock().year


def _uses(state: EditorPage) -> CalendarUses:
    return state.request.app.state.use_cases[CalendarUses]


def _texts(raw: Raw | None) -> list[str]:
    return [each for each in raw if isinstance(each, str)] if isinstance(raw, list) else []


def _range_texts(raw: Raw | None) -> list[tuple[str, str]]:
    rows = raw if isinstance(raw, list) else []
    found = [row for row in rows if isinstance(row, dict)]
    pairs = [(row.get("from"), row.get("to")) for row in found]
    return [(one, other) for one, other in pairs if isinstance(one, str) and isinstance(other, str)]


def _in_stored_order(state: EditorPage, document: JsonObject) -> JsonObject:
    """Return a document whose dates keep the order of the stored version; new ones follow."""
    given = document.get("dates")
    dates = [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
    if not dates:
        return document
    before = (state.base or {}).get("dates")
    known = [each for each in before if each in dates] if isinstance(before, list) else []
    ordered: list[JsonValue] = [*known, *sorted(set(dates) - {*map(str, known)})]
    return {**document, "dates": ordered}


def _schedules(state: EditorPage) -> Element:
    """Return the schedules of the calendar, with the fire times that the draft excludes."""
    try:
        draft = checked_definition(state)
    except Invalid:
        draft = None if state.stored is None else state.stored.definition
    uses = _uses(state).of(draft) if isinstance(draft, Calendar) else ()
    note = f"the first {MOST_USES}" if len(uses) == MOST_USES else None
    if not uses:
        return card("Schedules", h.p(".in")["No schedule uses the calendar."])
    columns = ["Task", "Schedule", "Fire times taken away in the next year"]
    return card("Schedules", table("Schedules", columns, [_use(each) for each in uses]), note=note)


def _use(each: CalendarUse) -> Element:
    count = sum(day.count for day in each.excluded)
    days = ", ".join(day.day.isoformat() for day in each.excluded[:_SHOWN_DAYS])
    more = len(each.excluded) - _SHOWN_DAYS
    return h.tr[
        h.td[h.a(href=task_path(each.task, tab="scheduling"))[each.task]],
        h.td[each.schedule.name, " ", h.code[each.schedule.cron], " ", each.schedule.time_zone],
        h.td[
            [h.b[str(count)], ": ", days, f" and {more} more dates" if more > 0 else ""]
            if count
            else nothing()
        ],
    ]


EDITOR = Editor(
    kind=Kind.CALENDAR,
    section=_SECTION,
    tabs=(
        EditorTab("general", "General", ("name", "displayName", "description")),
        EditorTab("days", "Days", ("dates", "ranges"), _days),
    ),
    below=_schedules,
    actions={"year": lambda state, year: state.with_chosen(year)},
    completed=_in_stored_order,
)
router = editor_routes(EDITOR)


@router.get("")
def calendars(request: Request, editing: CurrentDefinitionEditing, after: After = None) -> Response:
    """Show the calendars by name."""
    return list_page(request, CALENDARS, editing, after)
