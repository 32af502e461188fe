"""Draws the Dependencies tab of the Task editor, with the graph beside the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import htpy as h
from htpy import Element, Node

from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.frame import do_button
from polysync_core.console.forms.controls import bare_control, notes
from polysync_core.console.forms.fields import Field, Group, Rows, Text
from polysync_core.console.forms.problems import control_id
from polysync_core.console.forms.raw import RawObject
from polysync_core.console.forms.rows import form_field, form_fields, view_action
from polysync_core.console.graph.picture import Layout, graph_view
from polysync_core.console.icons import icon, status_icon
from polysync_core.console.pages.tasks.editor.dependency_picture import (
    dependency_picture,
    redrawing,
)
from polysync_core.console.pages.tasks.editor.draft_context import job_of, rows_of, runs, text_in
from polysync_core.console.paths import task_path
from polysync_core.domain.definitions.base import is_object_name
from polysync_core.domain.definitions.jobs import Direction, Job
from polysync_core.domain.runs.stored import RunHead

FIELDS = ("dependencies", "join")


def dependencies_tab(state: EditorPage) -> Node:
    """Return the content of the tab."""
    layout: Layout = "stacked" if state.request.query_params.get("layout") == "stacked" else "split"
    return graph_view(dependency_picture(state, layout), _side(state), layout=layout, embedded=True)


def _side(state: EditorPage) -> Element:
    rows = rows_of(state, "dependencies")
    names = [name for row in rows if is_object_name(name := text_in(row, "task"))]
    heads = runs(state).heads(names)
    return h.div(".peek")[
        h.h3["Starts after"],
        h.ul(".upstreams", redrawing(state))[
            [_upstream(state, index, row, heads) for index, row in enumerate(rows)]
            or h.li(".nothing")["Nothing: the task starts by its schedules or by hand."]
        ],
        _add(state),
        form_fields(state.view, "join"),
        h.p(".help")[
            "If the conditions are not met, a run is recorded as Skipped with the reason. "
            "A cycle is red in the picture, and is not saved."
        ],
    ]


def _add(state: EditorPage) -> Node:
    if state.is_read_only:
        return None
    return h.div(".actions")[
        h.button(".small", view_action(state.view, "add:dependencies"), type="submit")[
            icon("add"), "Add an upstream task"
        ],
        h.noscript[
            h.button(".small", do_button(state.view, "refresh"), type="submit")[
                "Update the picture"
            ]
        ],
    ]


def _upstream(
    state: EditorPage, index: int, row: RawObject, heads: Mapping[str, RunHead]
) -> Element:
    path, name = f"dependencies[{index}]", text_in(row, "task")
    item = _item(state, "dependencies")
    task = _plain(item.field("task"))
    condition = replace(_plain(item.field("condition")), label=f"Outcome of {name}")
    head = heads.get(name)
    return h.li(id=control_id(path))[
        status_icon(None if head is None else head.status),
        h.div[
            bare_control(state.view, task, f"{path}.task", label="Upstream task"),
            notes(state.view, task, f"{path}.task"),
            name and h.p[h.a(href=task_path(name, tab="dependencies"))[f"Open {name}"]],
        ],
        _remove(state, path, name or "this upstream task"),
        h.div(".requirement")[
            form_field(state.view, condition, f"{path}.condition"),
            _more(state, item, path, name),
        ],
        _maps(state, index, name),
    ]


def _more(state: EditorPage, item: Group, path: str, upstream: str) -> Element:
    """Return the fields that few dependencies need; they are open if one of them is set."""
    names = ("when", "take", "withinSeconds")
    fields = [
        replace(each, label=f"{each.label} (of {upstream})") for each in map(item.field, names)
    ]
    is_set = any(
        state.view.text(f"{path}.{each.name}") not in ("", each.default) for each in fields
    )
    return h.details(open=is_set)[
        h.summary["More", h.span(".hidden")[f" about {upstream}"]],
        [form_field(state.view, each, f"{path}.{each.name}") for each in fields],
    ]


def _plain(each: Field) -> Field:
    """Return a field without help, for lists in which the help would repeat."""
    return replace(each, help="", condition="")


def _maps(state: EditorPage, index: int, upstream: str) -> Element:
    path = f"dependencies[{index}].mappings"
    rows = rows_of(state, path)
    return h.div(".maps")[
        [_map(state, f"{path}[{number}]", number, upstream) for number in range(len(rows))],
        notes(state.view, _plain(Field(name="mappings", label="", control=Text())), path),
        None
        if state.is_read_only
        else h.button(".quiet", view_action(state.view, f"add:{path}"), type="submit")[
            icon("add"), "Pass an output on", h.span(".hidden")[f" from {upstream}"]
        ],
    ]


def _map(state: EditorPage, path: str, number: int, upstream: str) -> Element:
    output = _with_names("output", _outputs(state, upstream))
    taken = _with_names("input", _inputs(job_of(state)))
    return h.div(".pair")[
        bare_control(
            state.view, output, f"{path}.output", label=f"Output {number + 1} of {upstream}"
        ),
        bare_control(state.view, taken, f"{path}.input", label=f"Input for output {number + 1}"),
        _remove(state, path, f"mapping {number + 1}"),
        [notes(state.view, output, f"{path}.output"), notes(state.view, taken, f"{path}.input")],
    ]


def _with_names(name: str, names: Sequence[str]) -> Field:
    known = tuple(names)
    control = Text(max_length=255, placeholder=name, suggestions=(lambda: known) if known else None)
    return Field(name=name, label=name, control=control)


def _outputs(state: EditorPage, upstream: str) -> list[str]:
    """Return the outputs that the Job of an upstream Task declares."""
    job = state.services.job_of_task(upstream) if is_object_name(upstream) else None
    return (
        []
        if job is None
        else [each.name for each in job.parameters if each.direction is not Direction.INPUT]
    )


def _inputs(job: Job | None) -> list[str]:
    return (
        []
        if job is None
        else [each.name for each in job.parameters if each.direction is not Direction.OUTPUT]
    )


def _remove(state: EditorPage, path: str, label: str) -> Node:
    if state.is_read_only:
        return None
    return h.button(
        ".quiet",
        view_action(state.view, f"remove:{path}"),
        type="submit",
        aria_label=f"Remove {label}",
    )[icon("delete")]


def _item(state: EditorPage, name: str) -> Group:
    control = state.group.field(name).control
    item = control.item.control if isinstance(control, Rows) else None
    return item if isinstance(item, Group) else Group(fields=())
