"""Draws the editable table of a Job's parameters, and accepts pasted rows."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

import htpy as h
from htpy import Element, Node

from polysync_core.api.use_cases import given
from polysync_core.application.definitions.job_list import JobList, ParameterUse
from polysync_core.application.platforms.recent_drift import CheckedDrift, RecentDrift
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.frame import do_button
from polysync_core.console.forms.controls import bare_control, notes
from polysync_core.console.forms.fields import Field, Group, Rows
from polysync_core.console.forms.problems import control_id
from polysync_core.console.forms.raw import RawObject
from polysync_core.console.forms.rows import add_button
from polysync_core.console.forms.values import typed
from polysync_core.console.icons import icon
from polysync_core.console.pages.jobs.drift_words import drift_badge, drift_by_parameter
from polysync_core.console.pages.jobs.pasted_rows import COLUMNS, pasted_rows
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import relative_time
from polysync_core.console.paths import page_path, task_path

_FIELD = "parameters"
_PASTED = "~pasted"
_MOST_TASKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """The facts beside the rows of the grid."""

    state: EditorPage
    fields: Mapping[str, Field]
    use: ParameterUse
    changes: Mapping[str, str] | None
    """The drift of each parameter in words; None if the artefact was not compared."""


def parameter_grid(state: EditorPage) -> Node:
    """Return the table of parameters, with what Tasks set and what the artefact changed."""
    rows = state.view.value(_FIELD)
    raw = cast("list[RawObject]", rows if isinstance(rows, list) else [])
    checked = _checked(state)
    grid = _Grid(
        state=state,
        fields=_fields(state),
        use=_use(state),
        changes=None if checked is None else drift_by_parameter(checked.drift),
    )
    return [
        _sync_line(state, checked),
        notes(state.view, _field(state), _FIELD),
        _new_in_artefact(grid, [str(row.get("name", "")) for row in raw]),
        not grid.use.is_complete
        and h.p(".help")["The Job has many Tasks: the column “Set by” shows the first 200."],
        _table(grid, raw) if raw else h.p["The Job has no parameters."],
        None if state.is_read_only else _below(state),
    ]


def paste_rows(state: EditorPage, _: str) -> EditorPage:
    """Return the page with the rows of a sheet; a row of a known name replaces the old row."""
    rows = state.view.value(_FIELD)
    raw = cast("list[RawObject]", rows if isinstance(rows, list) else [])
    known = {str(row.get("name", "")): row for row in raw}
    try:
        pasted = pasted_rows(state.hidden.get("~paste", ""))
    except csv.Error as error:
        return state.with_result(_PASTED, notice("error", f"The rows cannot be read: {error}."))
    for row in pasted:
        name = str(row["name"])
        known[name] = {**known.get(name, {}), **row}
    changed = state.with_raw({**state.raw, _FIELD: [*known.values()]})
    words = f"{len(pasted)} row{'' if len(pasted) == 1 else 's'} taken from the sheet."
    return changed.with_result(_PASTED, notice("success" if pasted else "warning", words))


def _table(grid: _Grid, raw: Sequence[RawObject]) -> Element:
    labels = [grid.fields[name].label for name in COLUMNS]
    further = [*(["Drift"] if grid.changes is not None else []), "Set by"]
    headings = [*labels, *further, h.span(".hidden")["Remove"]]
    rows = [_row(grid, index, row) for index, row in enumerate(raw)]
    return h.div(".card.grid-edit")[table("Parameters", headings, rows)]


def _row(grid: _Grid, index: int, row: RawObject) -> Element:
    path, name = f"{_FIELD}[{index}]", str(row.get("name", ""))
    tasks = grid.use.tasks.get(name, ())
    return h.tr(id=control_id(path))[
        [_cell(grid, row, column, path) for column in COLUMNS],
        grid.changes is not None and h.td(".why")[grid.changes.get(name) or _missing(row)],
        h.td[_set_by(tasks)],
        h.td[_remove(grid.state, path, name, tasks), _kept(row, path)],
    ]


def _cell(grid: _Grid, row: RawObject, column: str, path: str) -> Element:
    each, view = grid.fields[column], grid.state.view
    each = replace(each, control=typed(each.control, row), help="")
    inner = f"{path}.{column}"
    label = f"{each.label} of {row.get('name') or 'the new parameter'}"
    return h.td(class_=f"of-{column}")[
        bare_control(view, each, inner, label=label), notes(view, each, inner)
    ]


def _kept(row: RawObject, path: str) -> Node:
    """Return the hidden inputs of the fields without a column."""
    return row.get("missing") == "true" and h.input(
        type="hidden", name=f"{path}.missing", value="true"
    )


def _missing(row: RawObject) -> str | None:
    return "missing in the artefact" if row.get("missing") == "true" else None


def _sync_line(state: EditorPage, checked: CheckedDrift | None) -> Node:
    """Return the button of Sync Parameters with the result of the last comparison."""
    if state.name is None:
        return None
    sync = page_path("jobs", state.name, "sync")
    return h.div(".actions")[
        h.a(".button", href=sync)[icon("rerun"), "Sync parameters"],
        checked is not None
        and h.span[
            drift_badge(checked.drift),
            " compared ",
            relative_time(checked.at, now=datetime.now(UTC)),
        ],
    ]


def _set_by(tasks: Sequence[str]) -> Node:
    shown = [[h.a(href=task_path(name, tab="settings"))[name], " "] for name in tasks[:_MOST_TASKS]]
    rest = len(tasks) - _MOST_TASKS
    return [shown, rest > 0 and f"and {rest} more"]


def _remove(state: EditorPage, path: str, name: str, tasks: Sequence[str]) -> Node:
    if state.is_read_only:
        return None
    if tasks:
        words = f"{name} cannot be removed while Tasks set it: {', '.join(tasks[:_MOST_TASKS])}"
        return h.span(title=words)[icon("vault"), h.span(".hidden")[words]]
    return h.button(
        ".quiet.small",
        do_button(state.view, f"remove:{path}"),
        type="submit",
        aria_label=f"Remove {name or 'the new parameter'}",
    )[icon("delete")]


def _new_in_artefact(grid: _Grid, names: Sequence[str]) -> Node:
    """Return a notice about parameters that only the artefact has."""
    new = [name for name in grid.changes or {} if name not in names]
    if not new:
        return None
    sync = page_path("jobs", grid.state.name or "", "sync")
    return notice(
        "info", f"Only the artefact has: {', '.join(new)}. ", h.a(href=sync)["Sync parameters"]
    )


def _below(state: EditorPage) -> Node:
    return [
        h.p[add_button(state.view, _FIELD, "Parameters")],
        state.results.get(_PASTED),
        h.details(".card")[
            h.summary["Paste from a sheet"],
            h.div(".in.field")[
                h.label(for_="paste")["Rows with tabs between the columns"],
                h.p(".help", id="paste-help")[
                    "The columns are name, data type, direction, default, required, sensitive and "
                    "description. Only the name is needed. A known name replaces its row."
                ],
                h.textarea(id="paste", name="~paste", rows="5", aria_describedby="paste-help"),
                h.div(".actions")[
                    h.button(do_button(state.view, "paste"), type="submit")["Take these rows"]
                ],
            ],
        ],
    ]


def _use(state: EditorPage) -> ParameterUse:
    if state.name is None:
        return ParameterUse(tasks={}, is_complete=True)
    return given(state.request, JobList).parameter_use(state.name)


def _checked(state: EditorPage) -> CheckedDrift | None:
    """Return the drift of the stored Job; `?drift=true` compares it now."""
    stored = state.stored
    if stored is None:
        return None
    recent = given(state.request, RecentDrift)
    if state.request.query_params.get("drift") == "true" and state.request.method == "GET":
        return recent.checked([stored]).get(stored.definition.name)
    return recent.known([stored]).get(stored.definition.name)


def _field(state: EditorPage) -> Field:
    return state.group.field(_FIELD)


def _fields(state: EditorPage) -> Mapping[str, Field]:
    rows = cast("Rows", _field(state).control)
    return {each.name: each for each in cast("Group", rows.item.control).fields}
