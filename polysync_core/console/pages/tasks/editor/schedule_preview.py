"""Draws the preview of an unsaved schedule: its description and next fire times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import htpy as h
from htpy import Element, Node

from polysync_core.application.schedules.schedule_preview import SchedulePreview
from polysync_core.console.forms.problems import control_id
from polysync_core.console.icons import icon
from polysync_core.console.pages.tasks.editor.year_ribbon import moment_in_zone, year_ribbon
from polysync_core.console.parts.times import relative_time
from polysync_core.domain.errors import Problem
from polysync_core.domain.schedules.fire_times import FireTime
from polysync_core.domain.schedules.outlook import YearOutlook

COUNT = 5
"""The number of next fire times."""
_MAX_EXCLUDED = 4
_COLUMNS = ("Date", "Local time", "UTC", "Note")


def preview_id(path: str) -> str:
    """Return the id of the preview of a schedule at a path such as `schedules[0]`."""
    return f"preview-{control_id(path)}"


def preview_box(preview: SchedulePreview, path: str) -> Element:
    """Return the preview of a schedule."""
    return h.div(".preview", id=preview_id(path), role="group", aria_label="Preview")[
        _sentence(preview),
        [h.p(".help")[note] for note in preview.notes],
        _fire_times(preview),
        year_ribbon(preview.year) if preview.year.days else None,
    ]


def wrong_preview(problems: Sequence[Problem], path: str) -> Element:
    """Return the element that replaces the preview while the schedule is wrong."""
    return h.div(".preview", id=preview_id(path), role="group", aria_label="Preview")[
        [
            h.p(".error")[
                icon("warning"), " ", each.path and [h.code[each.path], " "], each.message
            ]
            for each in problems
        ],
        h.p(".help")["The preview appears as soon as the schedule can be read."],
    ]


def _sentence(preview: SchedulePreview) -> Element:
    year = preview.year
    count = f"{year.count:,} {'time' if year.count == 1 else 'times'} in the next 365 days"
    excluded = f", {year.excluded:,} excluded" if year.excluded else ""
    return h.p(".sentence")[
        preview.description.sentence,
        f", {preview.schedule.time_zone} ",
        h.span(".nothing")[f"· {count}{excluded}"],
    ]


def _fire_times(preview: SchedulePreview) -> Node:
    """Return the next fire times, and those that differ in the next year."""
    year, caption = preview.year, "The next fire times"
    rows = [_row(each.fire, each.excluded_by, now=preview.now) for each in preview.fires]
    shown = {each.fire.scheduled_time for each in preview.fires}
    special = list(_special_rows(year, shown))
    if not rows and not special:
        return None
    return h.div(".table", tabindex="0", role="region", aria_label=caption)[
        h.table(".fire-times")[
            h.caption(".hidden")[caption],
            h.thead(".hidden")[h.tr[[h.th(scope="col")[each] for each in _COLUMNS]]],
            h.tbody[rows],
            h.tbody[
                h.tr[
                    h.th(".nothing", scope="rowgroup", colspan=str(len(_COLUMNS)))[
                        "Different in the next 365 days"
                    ]
                ],
                special,
                _further(year),
            ]
            if special
            else None,
        ]
    ]


def _special_rows(year: YearOutlook, shown: set[datetime]) -> Iterator[Element]:
    """Yield excluded dates and clock changes that are not listed above."""
    for each in year.excluded_days[:_MAX_EXCLUDED]:
        count = "" if each.count == 1 else f", {each.count} times"
        yield h.tr(".out")[
            h.td[f"{each.day:%a %d %b %Y}"],
            h.td,
            h.td,
            h.td[h.span(".mark.excluded")[f"excluded by {each.excluded_by}{count}"]],
        ]
    for change in year.affected:
        fire = change.fires[0]
        if fire.scheduled_time not in shown:
            yield _row(fire, None, further=change.count - 1)


def _further(year: YearOutlook) -> Node:
    further = len(year.excluded_days) - _MAX_EXCLUDED
    if further <= 0:
        return None
    text = f"{further} more excluded {'date' if further == 1 else 'dates'}"
    return h.tr[h.td(".nothing", colspan=str(len(_COLUMNS)))[text]]


def _row(
    fire: FireTime, excluded_by: str | None, *, now: datetime | None = None, further: int = 0
) -> Element:
    return h.tr(class_="out" if excluded_by else None)[
        h.td[f"{fire.local:%a %d %b %Y}"],
        h.td(".mono")[moment_in_zone(fire.local)],
        h.td(".mono")[f"{fire.scheduled_time.astimezone(UTC):%H:%M}Z"],
        h.td[_marks(fire, excluded_by, further), now and _distance(fire, excluded_by, now)],
    ]


def _marks(fire: FireTime, excluded_by: str | None, further: int) -> Iterator[Node]:
    if fire.note is not None:
        day = f" on {fire.local:%Y-%m-%d}"
        more = f" ({further} more)" if further else ""
        yield h.span(".mark")[f"{fire.note.replace(day, '')}{more}"]
    if excluded_by is not None:
        yield h.span(".mark.excluded")[f"excluded by {excluded_by}"]


def _distance(fire: FireTime, excluded_by: str | None, now: datetime) -> Node:
    is_plain = fire.note is None and excluded_by is None
    return relative_time(fire.scheduled_time, now=now) if is_plain else None
