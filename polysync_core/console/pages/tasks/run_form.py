"""Draws the page that runs a Task once."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from shlex import quote

import htpy as h
from fastapi import Request
from fastapi.responses import HTMLResponse
from htpy import Element, Node

from polysync_core.console.forms.controls import bare_control, notes
from polysync_core.console.forms.fields import EMPTY, Field, Pairs
from polysync_core.console.forms.problems import placed, problem_summary
from polysync_core.console.forms.rows import form_fields
from polysync_core.console.forms.values import value_text
from polysync_core.console.forms.view import FormView
from polysync_core.console.icons import icon
from polysync_core.console.parts.cards import commands
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.tables import table
from polysync_core.console.paths import page_path, task_path
from polysync_core.console.shell import page
from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.definitions.tasks import Task

MOST_FOLLOWERS = 1_000
"""The most Tasks that are counted after a Task."""


@dataclass(frozen=True, kw_only=True)
class RunForm:
    """A run before it starts."""

    task: Task
    job: Job
    view: FormView
    followers: int
    """The number of Tasks that start after the Task."""
    key: str
    """The idempotency key: a form that is sent twice starts one run."""


def run_page(request: Request, form: RunForm, *, status: int = HTTPStatus.OK) -> HTMLResponse:
    """Return the page of a run before it starts."""
    name = form.task.name
    return page(
        request,
        f"Run {name} once",
        h.div(".stack")[
            None if form.task.enabled else _disabled(name),
            _form(form),
            commands(_command(form)),
        ],
        section="tasks",
        crumbs=[("Tasks", page_path("tasks")), (name, task_path(name))],
        scripts=["forms.js"],
        status=status,
    )


def _disabled(name: str) -> Element:
    return notice(
        "warning",
        h.p[
            "The task is disabled, so it cannot run. ",
            h.a(href=task_path(name, tab="general"))["Enable it first."],
        ],
    )


def _form(form: RunForm) -> Element:
    view = form.view
    found = placed(view.group, view.raw, view.problems)
    return h.form(".card", id=view.form_id, method="post", action=view.address, novalidate=True)[
        h.header[h.h2["Values of this run"], h.small[_following(form)]],
        h.div(".in.form")[
            h.input(type="hidden", name="~key", value=form.key),
            problem_summary(view.group, found, view.problems) if view.problems else None,
            _values(form),
            h.div(".fields")[form_fields(view, "priority")],
        ],
        h.div(".foot")[
            h.a(".button", href=task_path(form.task.name))["Back"],
            h.button(".primary", type="submit", disabled=not form.task.enabled)[
                icon("run"), "Run once"
            ],
        ],
    ]


def _following(form: RunForm) -> str:
    count = form.followers
    if count == 0:
        return "No task starts after it."
    number = f"more than {MOST_FOLLOWERS:,}" if count > MOST_FOLLOWERS else f"{count:,}"
    return f"Tasks that start after it run too: {number}."


def _values(form: RunForm) -> Node:
    control = form.view.group.field("parameters").control
    if not isinstance(control, Pairs) or not control.known:
        return h.p["The Job has no parameters."]
    parameters = [form.job.parameter(name) for name in control.known]
    ordered = sorted(
        enumerate(each for each in parameters if each is not None),
        # The parameters that must be given come first.
        key=lambda pair: not _must_be_given(form, pair[1]),
    )
    rows = [_row(form, control, index, each) for index, each in ordered]
    return table("Values of parameters", ["Parameter", "Value of this run", "Without it"], rows)


def _must_be_given(form: RunForm, parameter: Parameter) -> bool:
    return parameter.required and _default(form, parameter) is None


def _row(form: RunForm, control: Pairs, index: int, parameter: Parameter) -> Element:
    name = parameter.name
    path = f"parameters[{index}].value"
    each = Field(name="value", label=name, control=control.control_of(name))
    is_text = parameter.data_type.value == "String"
    return h.tr[
        h.th(scope="row")[
            name,
            _must_be_given(form, parameter) and h.span(".required", title="required")[" *"],
            h.small[h.br, parameter.data_type.value],
            parameter.description and h.small[h.br, parameter.description],
            h.input(type="hidden", name=f"parameters[{index}].name", value=name),
        ],
        h.td[
            h.div(".field")[
                bare_control(form.view, each, path, label=f"Value of {name}"),
                notes(form.view, each, path),
            ],
            is_text and _empty_box(form, path),
        ],
        h.td(".mono.break")[_default(form, parameter) or h.span(".nothing")["nothing"]],
    ]


def _empty_box(form: RunForm, path: str) -> Element:
    name = path + EMPTY
    is_set = form.view.text(name) == "true"
    return h.label(".check")[
        h.input(type="checkbox", name=name, value="true", checked=is_set), "Empty text"
    ]


def _default(form: RunForm, parameter: Parameter) -> str | None:
    """Return the value that a run takes without an own value."""
    mapped = {
        mapping.input: f"output {mapping.output} of {dependency.task}"
        for dependency in form.task.dependencies
        for mapping in dependency.mappings
    }
    if parameter.name in mapped:
        return mapped[parameter.name]
    value = form.task.parameters.get(parameter.name, parameter.default)
    return None if value is None else value_text(value, parameter.data_type) or '""'


def _command(form: RunForm) -> str:
    rows = form.view.value("parameters")
    given = [
        f" -p {quote(f'{row["name"]}={row["value"]}')}"
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and row.get("value")
    ]
    return f"polysync run {form.task.name}{''.join(given)} --follow"
