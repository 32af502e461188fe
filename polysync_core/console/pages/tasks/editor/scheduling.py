"""Draws the Scheduling tab of the Task editor: each schedule with its preview."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import htpy as h
from htpy import Element, Node
from pydantic import ValidationError

from polysync_core.application.schedules.schedule_preview import SchedulePreviews
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.frame import do_button
from polysync_core.console.forms.controls import bare_control, notes
from polysync_core.console.forms.fields import Group, Rows
from polysync_core.console.forms.models import group_of
from polysync_core.console.forms.problems import control_id
from polysync_core.console.forms.raw import RawObject
from polysync_core.console.forms.reading import read
from polysync_core.console.forms.rows import form_field, form_fields, view_action
from polysync_core.console.icons import icon
from polysync_core.console.pages.tasks.editor.deadlines import deadline_fields
from polysync_core.console.pages.tasks.editor.draft_context import previews, rows_of, text_in
from polysync_core.console.pages.tasks.editor.schedule_preview import (
    COUNT,
    preview_box,
    preview_id,
    wrong_preview,
)
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.paths import page_path
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.validation.messages import problems_of
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonObject

FIELDS = ("schedules", "dependsOnPast", "expect")

_CLOCK = ("cron", "timeZone", "calendars", "gap", "fold", "startAt", "endAt")
"""The fields that decide about the fire times, which the preview follows."""
_RUN = ("overlap", "misfire", "catchUpSeconds", "jitterSeconds", "pauseAfterFailures")
_MAX_PREVIEWS = 10
_PARTS = ("minute", "hour", "day", "month", "weekday")


def scheduling_tab(state: EditorPage) -> Node:
    """Return the content of the tab."""
    rows = rows_of(state, "schedules")
    drawn = [_schedule(state, row, index, len(rows)) for index, row in enumerate(rows)]
    return [
        drawn or empty_state("No schedule: the task starts after other tasks, or by hand."),
        _add(state),
        h.div(".fields")[form_fields(state.view, "dependsOnPast")],
        deadline_fields(state),
    ]


def _add(state: EditorPage) -> Node:
    if state.is_read_only:
        return None
    button = h.button(".small", view_action(state.view, "add:schedules"), type="submit")
    return h.div(".actions")[button[icon("add"), "Add a schedule"]]


def _schedule(state: EditorPage, row: RawObject, index: int, count: int) -> Element:
    path = f"schedules[{index}]"
    is_wrong = any(each.startswith(path) for each in state.view.messages)
    is_new = not text_in(row, "name")
    return h.details(
        ".schedule", id=control_id(path), open=index == 0 or count < 3 or is_wrong or is_new
    )[
        _summary(row, index),
        h.div(".in")[
            h.div(".stack")[_fields(state, path), _remove(state, path, row)],
            h.div[_preview(state, row, index), _preview_button(state)],
        ],
    ]


def _summary(row: RawObject, index: int) -> Element:
    calendars, failures = row.get("calendars"), text_in(row, "pauseAfterFailures")
    return h.summary[
        icon("run"),
        h.span[text_in(row, "name") or f"Schedule {index + 1}"],
        h.code[text_in(row, "cron")],
        h.span(".nothing")[text_in(row, "timeZone")],
        h.span(".grow"),
        text_in(row, "enabled") == "false" and h.span(".badge")["Disabled"],
        [
            h.span(".chip")[icon("calendar"), each]
            for each in (calendars if isinstance(calendars, list) else [])
            if isinstance(each, str) and each
        ],
        failures and h.span(".chip")[icon("pause"), f"after {failures} failures"],
    ]


def _fields(state: EditorPage, path: str) -> Node:
    return [
        _drawn(state, path, ("name", "enabled")),
        h.div(
            ".stack.clock",
            {
                "hx-get": page_path("part", "schedule", at=path, task=state.name),
                "hx-trigger": "input delay:250ms, change delay:50ms",
                "hx-target": f"#{preview_id(path)}",
                "hx-swap": "outerMorph",
                "hx-include": "this",
            },
        )[
            _cron(state, path),
            h.div(".fields-narrow")[_drawn(state, path, _CLOCK[1:2])],
            _drawn(state, path, _CLOCK[2:3]),
            h.div(".fields-narrow")[_drawn(state, path, _CLOCK[3:])],
        ],
        h.div(".fields-narrow")[_drawn(state, path, _RUN)],
        _drawn(state, path, ("description", "parameters")),
    ]


def _cron(state: EditorPage, path: str) -> Element:
    """Return the field of the expression with the names of its parts below the control."""
    view, each, cron_path = state.view, _item(state).field("cron"), f"{path}.cron"
    was = view.before(cron_path)
    parts = view.text(cron_path).split()
    names = _PARTS if len(parts) < 6 else ("second", *_PARTS)
    return h.div(class_="field cron" if was is None else "field cron changed")[
        h.label(for_=control_id(cron_path))[
            each.label, h.span(".required", title="required")[" *"]
        ],
        bare_control(view, each, cron_path),
        h.div(".cronparts", aria_hidden="true")[[h.span[name] for name in names]],
        None if was is None else h.p(".was")["was ", h.del_[was or "empty"]],
        notes(view, each, cron_path),
    ]


def _drawn(state: EditorPage, path: str, names: Iterable[str]) -> list[Element]:
    group = _item(state)
    return [form_field(state.view, group.field(name), f"{path}.{name}") for name in names]


def _item(state: EditorPage) -> Group:
    control = state.group.field("schedules").control
    item = control.item.control if isinstance(control, Rows) else None
    return item if isinstance(item, Group) else group_of(Schedule)


def _remove(state: EditorPage, path: str, row: RawObject) -> Node:
    if state.is_read_only:
        return None
    return h.div(".actions")[
        h.button(".quiet.danger.small", view_action(state.view, f"remove:{path}"), type="submit")[
            icon("delete"), f"Remove {text_in(row, 'name') or 'this schedule'}"
        ]
    ]


def _preview_button(state: EditorPage) -> Node:
    """Return the button for browsers without scripts."""
    if state.is_read_only:
        return None
    return h.noscript[
        h.button(".small", do_button(state.view, "refresh"), type="submit")["Preview"]
    ]


def _preview(state: EditorPage, row: RawObject, index: int) -> Element:
    path = f"schedules[{index}]"
    if index >= _MAX_PREVIEWS:
        return _later(state, path)
    return preview_of(previews(state), _item(state), row, path, state.name)


def _later(state: EditorPage, path: str) -> Element:
    """Return a placeholder for a preview, which is computed when it comes into view."""
    return h.div(
        ".preview",
        {
            "id": preview_id(path),
            "hx-get": page_path("part", "schedule", at=path, task=state.name),
            "hx-trigger": "intersect once",
            "hx-swap": "outerMorph",
            "hx-include": "closest .schedule",
        },
    )[h.p(".help")[f"The first {_MAX_PREVIEWS} schedules have a preview at once."]]


def preview_of(
    use_case: SchedulePreviews, group: Group, row: RawObject, path: str, task: str | None
) -> Element:
    """Return the preview of the raw values of a schedule, or their problems."""
    try:
        schedule = _schedule_of(group, row)
        return preview_box(use_case.preview(schedule, count=COUNT, task=task), path)
    except Invalid as error:
        return wrong_preview(error.problems, path)


def _schedule_of(group: Group, row: RawObject) -> Schedule:
    """Return the schedule of raw values, or raise `Invalid`."""
    reading = read(group, row)
    document: JsonObject = {"name": "schedule", **reading.document}
    # The preview needs neither name nor values.
    document |= {"name": "schedule", "parameters": {}}
    problems: Sequence[Problem] = [each for each in reading.problems if _is_clock(each.path)]
    try:
        schedule = Schedule.model_validate_json(json.dumps(document), strict=True, by_name=False)
    except ValidationError as error:
        raise Invalid([*problems, *problems_of(error, Schedule)]) from error
    if problems:
        raise Invalid(problems)
    return schedule


def _is_clock(path: str) -> bool:
    return path.split("[")[0].split(".")[0] in _CLOCK
