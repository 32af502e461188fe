"""Draws the HTML form that starts one run of a Task."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import htpy as h
from fastapi import Request
from fastapi.responses import HTMLResponse
from htpy import Element

from polysync_core.console.forms.problems import placed, problem_summary
from polysync_core.console.forms.rows import form_fields
from polysync_core.console.forms.values import value_text
from polysync_core.console.forms.view import FormView
from polysync_core.console.icons import icon
from polysync_core.console.pages.limits.hold_notices import holds_on_run
from polysync_core.console.parts.cards import commands
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.parameter_values import command_values, values_table
from polysync_core.console.paths import page_path, task_path
from polysync_core.console.shell import page
from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.definitions.tasks import Task

MOST_FOLLOWERS = 1_000
"""The maximum number of Tasks that are counted after a Task."""


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
            holds_on_run(request, name, form.job.platform),
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
            values_table(
                view, "parameters", form.job.parameters, lambda each: _default(form, each)
            ),
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
    values = command_values(form.view, "parameters")
    return f"polysync run {form.task.name}{values} --follow"
