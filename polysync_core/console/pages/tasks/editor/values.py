"""Draws the Settings tab of the Task editor: the values of the Job's parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import htpy as h
from htpy import Element, Node

from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.forms.controls import bare_control, notes
from polysync_core.console.forms.fields import EMPTY, Field, Pairs
from polysync_core.console.forms.rows import form_fields, view_action
from polysync_core.console.icons import icon
from polysync_core.console.pages.tasks.editor.draft_context import job_of, now, rows_of, text_in
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.times import nothing
from polysync_core.domain.clock import zone_names
from polysync_core.domain.definitions.jobs import Direction, Job, Parameter
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.parameters import convert
from polysync_core.domain.runs.run import TriggerType
from polysync_core.domain.variables import RunVariables, has_variables, substitute

FIELDS = ("parameters", "timeZone")

_COLUMNS = ("Parameter", "Type", "Value of this Task", "A run gets it from", "Sent now")
_EXAMPLE_RUN = "rexample"
_MAX_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A parameter with its value in the form."""

    path: str
    name: str
    text: str
    parameter: Parameter | None
    """None if the Job has no such parameter any more."""
    source: str | None
    """The mapping that gives the value."""


def values_tab(state: EditorPage) -> Node:
    """Return the content of the tab."""
    job = job_of(state)
    rows = _rows(state, job)
    return [
        h.p(".help")[
            "A run takes each value from the first of: a mapped output, the schedule, this Task, "
            "the default of the Job. A value is a literal, a reference ",
            h.code["vault://vault/secret"],
            ", or a text with variables such as ",
            h.code["${run.scheduledTime:%Y-%m-%d}"],
            ". ",
            h.code["$${"],
            " is a literal ",
            h.code["${"],
            ".",
        ],
        job is None and notice("info", "Choose a Job first. Its parameters then appear here."),
        _table(state, job, rows) if rows else _none(job),
        _resolve_button(state) if rows else None,
        h.div(".fields")[form_fields(state.view, "timeZone")],
    ]


def _resolve_button(state: EditorPage) -> Node:
    if state.is_read_only:
        return None
    return h.div(".actions")[
        h.button(".small", view_action(state.view, "refresh"), type="submit")[
            "Show the values that a run would send now"
        ]
    ]


def _none(job: Job | None) -> Node:
    return job and h.p[f"Job {job.name} has no parameters."]


def _rows(state: EditorPage, job: Job | None) -> list[_Row]:
    sources = _sources(state)
    found: list[_Row] = []
    for index, raw in enumerate(rows_of(state, "parameters")):
        name = text_in(raw, "name")
        parameter = None if job is None else job.parameter(name)
        is_input = parameter is not None and parameter.direction is not Direction.OUTPUT
        found.append(
            _Row(
                path=f"parameters[{index}]",
                name=name,
                text=text_in(raw, "value"),
                parameter=parameter if is_input else None,
                source=sources.get(name),
            )
        )
    return found


def _sources(state: EditorPage) -> Mapping[str, str]:
    """Return the mapped outputs by the inputs that take them."""
    found: dict[str, str] = {}
    for edge, dependency in enumerate(rows_of(state, "dependencies")):
        for mapping in rows_of(state, f"dependencies[{edge}].mappings"):
            source = f"{text_in(dependency, 'task')}: {text_in(mapping, 'output')}"
            found[text_in(mapping, "input")] = source
    return found


def _table(state: EditorPage, job: Job | None, rows: list[_Row]) -> Element:
    return h.div(".table", tabindex="0", role="region", aria_label="Values of parameters")[
        h.table(".grid-edit")[
            h.caption(".hidden")["Values of parameters"],
            h.thead[h.tr[[h.th(scope="col")[each] for each in _COLUMNS]]],
            h.tbody[[_row(state, job, row) for row in rows]],
        ]
    ]


def _row(state: EditorPage, job: Job | None, row: _Row) -> Element:
    parameter = row.parameter
    if parameter is None:
        return _gone(state, job, row)
    return h.tr[
        h.th(scope="row")[
            row.name,
            parameter.required and h.span(".required", title="required")[" *"],
            parameter.description and h.small[h.br, parameter.description],
            h.input(type="hidden", name=f"{row.path}.name", value=row.name),
        ],
        h.td[parameter.data_type.value],
        h.td[_control(state, row), _empty_box(state, row)],
        h.td[_origin(row, parameter)],
        h.td(".mono.break")[_sent(state, row, parameter)],
    ]


def _control(state: EditorPage, row: _Row) -> Node:
    pairs = state.group.field("parameters").control
    control = pairs.control_of(row.name) if isinstance(pairs, Pairs) else pairs
    each = Field(name="value", label=row.name, control=control)
    path = f"{row.path}.value"
    was = state.view.before(path)
    return [
        bare_control(state.view, each, path, label=f"Value of {row.name}"),
        was is not None and h.p(".was")["was ", h.del_[was or "not set"]],
        notes(state.view, each, path),
    ]


def _empty_box(state: EditorPage, row: _Row) -> Node:
    """Return the box that sets a text parameter to the empty text."""
    name = f"{row.path}.value{EMPTY}"
    is_set = state.view.text(name) == "true"
    is_text = row.parameter is not None and row.parameter.data_type.value == "String"
    if not is_text or (row.text and not is_set):
        return None
    if state.is_read_only:
        return is_set and h.small["the empty text"]
    return h.label(".check")[
        h.input(type="checkbox", name=name, value="true", checked=is_set), "Empty text"
    ]


def _gone(state: EditorPage, job: Job | None, row: _Row) -> Element:
    """Return the row of a value whose parameter the Job no longer has."""
    remove = h.button(
        ".small",
        view_action(state.view, f"remove:{row.path}"),
        type="submit",
        aria_label=f"Remove {row.name}",
    )[icon("delete"), "Remove"]
    why = "the Job has no such input" if job is not None else "the Job is not known"
    return h.tr[
        h.th(".gone", scope="row")[
            h.del_[row.name], h.input(type="hidden", name=f"{row.path}.name", value=row.name)
        ],
        h.td[nothing()],
        h.td[_control(state, row)],
        h.td[h.span(".error")[why]],
        h.td[None if state.is_read_only else remove],
    ]


def _origin(row: _Row, parameter: Parameter) -> Node:
    if row.source is not None:
        return ["output of ", h.b[row.source]]
    if row.text:
        return "this Task"
    if parameter.default is not None:
        return "the default of the Job"
    return h.span(".error")["nothing: it is required"] if parameter.required else "nothing"


def _sent(state: EditorPage, row: _Row, parameter: Parameter) -> Node:
    """Return the value as a run would send it now, with its variables resolved."""
    if row.source is not None:
        return nothing()
    value = _value(state, row)
    value = parameter.default if value is None else value
    if value is None:
        return nothing()
    try:
        sent = convert(value, parameter.data_type, path=row.name)
    except Invalid as error:
        return h.span(".error")["; ".join(each.message for each in error.problems)]
    if isinstance(sent, str) and has_variables(sent):
        sent = substitute(sent, _variables(state))
    return _shortened(sent if isinstance(sent, str) else json.dumps(sent, ensure_ascii=False))


def _value(state: EditorPage, row: _Row) -> JsonValue:
    values = state.document.get("parameters")
    return values.get(row.name) if isinstance(values, dict) else None


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _variables(state: EditorPage) -> RunVariables:
    return RunVariables(
        id=_EXAMPLE_RUN,
        attempt=1,
        scheduled_time=now(state),
        time_zone=_zone(state),
        trigger_type=TriggerType.SCHEDULE.value,
        graph_run_id=_EXAMPLE_RUN,
    )


def _zone(state: EditorPage) -> str:
    """Return the zone of formatted times: that of the Task or of all its schedules."""
    zones = {text_in(each, "timeZone") or "UTC" for each in rows_of(state, "schedules")}
    own = state.view.text("timeZone") or (zones.pop() if len(zones) == 1 else "UTC")
    return own if own in zone_names() else "UTC"
