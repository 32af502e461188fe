"""Serves the HTML page that starts a Job immediately (Execute Now)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, cast

import htpy as h
from fastapi import Depends, Query, Request, Response
from htpy import Element

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.runs.routes import CurrentRequester, Requester
from polysync_core.application.runs.job_runs import JobRequest
from polysync_core.console.form_data import CurrentForm, FormData
from polysync_core.console.forms.fields import Field, Group
from polysync_core.console.forms.filling import fill
from polysync_core.console.forms.models import parameter_values
from polysync_core.console.forms.problems import placed, problem_summary
from polysync_core.console.forms.raw import RawObject, nested
from polysync_core.console.forms.reading import read
from polysync_core.console.forms.view import FormView
from polysync_core.console.icons import icon
from polysync_core.console.pages.jobs.live_run import (
    CurrentJobRuns,
    dialog_attributes,
    execute_button,
    live_run,
)
from polysync_core.console.parts.cards import commands
from polysync_core.console.parts.live import live_button
from polysync_core.console.parts.parameter_values import (
    command_values,
    default_text,
    values_table,
)
from polysync_core.console.paths import job_path, page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page, redirect
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.identity import new_run_id, parse_run_id
from polysync_core.domain.runs.run import TaskRun

_FIELD = "params"
_MAX_KEY = 100

router = PageRouter()


@dataclass(frozen=True, slots=True)
class _Target:
    """The Job that a request executes."""

    request: Request
    name: str
    job_runs: CurrentJobRuns
    dialog: bool = False
    """True if a script shows the answer in the dialog of the editor."""

    @property
    def job(self) -> Job:
        """The Job; raises `NotFound`."""
        return self.job_runs.factory.definitions.job(self.name)

    def view(self, job: Job, raw: RawObject | None = None) -> FormView:
        """Return the form with given values, or without own values."""
        group = _group(job)
        return FormView(
            group=group,
            raw=fill(group, {}) if raw is None else raw,
            address=page_path("jobs", self.name, "run", dialog=self.dialog),
            form_id="run",
        )


CurrentTarget = Annotated[_Target, Depends()]


@router.get("/jobs/{name}/run")
def execute_page(
    target: CurrentTarget,
    run: Annotated[str | None, Query()] = None,
    values_of: Annotated[str | None, Query(alias="values")] = None,
) -> Response:
    """Show the form of a new run. `values` names a run whose values fill it; `run` shows a run."""
    if run is not None:
        return _run_page(target, target.job_runs.get(target.name, parse_run_id(run)))
    job = target.job
    raw = None
    if values_of is not None:
        earlier = target.job_runs.get(target.name, parse_run_id(values_of))
        raw = _values_of(job, earlier)
    return _form_page(target, job, target.view(job, raw), new_run_id())


@router.post("/jobs/{name}/run")
def execute(
    target: CurrentTarget, engine: CurrentEngine, requester: CurrentRequester, form: CurrentForm
) -> Response:
    """Start a run, and show it."""
    job, key = target.job, form.get("~key") or new_run_id()
    view = target.view(job, _raw(form))
    try:
        request = _job_request(job, view, requester)
        # The form starts one run if it is sent twice, and another run after a change.
        keyed = replace(request, idempotency_key=f"{key[:_MAX_KEY]}~{request.digest}")
        run = target.job_runs.execute(keyed, engine)
    except Invalid as error:
        wrong = replace(view, problems=error.problems)
        return _form_page(target, job, wrong, key, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(page_path("jobs", job.name, "run", run=run.run_id, dialog=target.dialog))


def _run_page(target: _Target, run: TaskRun) -> Response:
    name = target.name
    return page(
        target.request,
        f"Run of {name}",
        live_run(name, run),
        commands(f"polysync show {run.run_id}"),
        section="jobs",
        crumbs=[("Jobs", page_path("jobs")), (name, job_path(name))],
        beside=None if run.status.is_terminal else live_button(),
        actions=[
            h.a(".button", href=job_path(name))["Back to the Job"],
            # The script puts it in the place of the button of the editor.
            target.dialog and execute_button(name, run),
        ],
    )


def _form_page(
    target: _Target, job: Job, view: FormView, key: str, *, status: int = HTTPStatus.OK
) -> Response:
    values = command_values(view, _FIELD)
    return page(
        target.request,
        f"Execute {job.name}",
        h.div(".stack")[
            _form(job, view, key, in_dialog=target.dialog),
            commands(f"polysync exec {job.name}{values} --follow"),
        ],
        section="jobs",
        crumbs=[("Jobs", page_path("jobs")), (job.name, job_path(job.name))],
        scripts=["forms.js"],
        status=status,
    )


def _form(job: Job, view: FormView, key: str, *, in_dialog: bool) -> Element:
    found = placed(view.group, view.raw, view.problems)
    scripted = {"hx-post": view.address, "hx-select-oob": "#execute"}
    return h.form(
        ".card",
        (scripted | dialog_attributes("#run, #job-run")) if in_dialog else {},
        id=view.form_id,
        method="post",
        action=view.address,
        novalidate=True,
    )[
        h.header[h.h2["Values of this run"], h.small[f"Without a Task, on {job.platform}"]],
        h.div(".in.form")[
            h.input(type="hidden", name="~key", value=key),
            problem_summary(view.group, found, view.problems) if view.problems else None,
            values_table(view, _FIELD, job.parameters, default_text),
        ],
        h.div(".foot")[
            not in_dialog and h.a(".button", href=job_path(job.name))["Back"],
            h.button(".primary", type="submit")[icon("run"), "Run"],
        ],
    ]


def _group(job: Job) -> Group:
    values = parameter_values(job.parameters)
    return Group(fields=(Field(name=_FIELD, label="Values", control=values),))


def _raw(form: FormData) -> RawObject:
    return nested([each for each in form.multi_items() if each[0][:1] != "~"])


def _values_of(job: Job, run: TaskRun) -> RawObject:
    """Return the values of an earlier run that the Job still takes, without plain defaults."""
    defaults = {each.name: each.default for each in job.parameters}
    values: JsonObject = {
        name: value
        for name, value in run.parameters.items()
        if name in defaults and value != defaults[name]
    }
    return fill(_group(job), {_FIELD: values})


def _job_request(job: Job, view: FormView, requester: Requester) -> JobRequest:
    """Return the request of a run, or raise `Invalid`."""
    reading = read(view.group, view.raw)
    if reading.problems:
        raise Invalid(reading.problems)
    return JobRequest(
        job=job.name,
        parameters=cast("JsonObject", reading.document.get(_FIELD) or {}),
        actor=requester.actor,
        may_name_secrets=requester.may_name_secrets,
    )
