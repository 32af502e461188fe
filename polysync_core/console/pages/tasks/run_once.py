"""Serves the HTML page that starts one run of a Task with entered values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request, Response

from polysync_core.api.definitions.routes import CurrentDefinitionEditing
from polysync_core.api.engine import CurrentEngine
from polysync_core.api.runs.routes import CurrentRequester, CurrentTaskRuns, Requester
from polysync_core.api.use_cases import use_case
from polysync_core.application.definitions.editing import DefinitionEditing
from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.console.form_data import CurrentForm, FormData
from polysync_core.console.forms.fields import Field, Group, Number
from polysync_core.console.forms.filling import fill
from polysync_core.console.forms.models import parameter_values
from polysync_core.console.forms.raw import RawObject, nested
from polysync_core.console.forms.reading import read
from polysync_core.console.forms.view import FormView
from polysync_core.console.pages.tasks.run_form import MOST_FOLLOWERS, RunForm, run_page
from polysync_core.console.paths import run_path, task_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import redirect
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Broken, Invalid
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.identity import new_run_id

router = PageRouter()

_MOST = 1_000_000
_MAX_KEY = 100

CurrentTaskGraphCache = Annotated[TaskGraphCache, Depends(use_case(TaskGraphCache))]


@dataclass(frozen=True, slots=True)
class _Target:
    """Everything about the Task that runs."""

    request: Request
    name: str
    editing: CurrentDefinitionEditing
    graph: CurrentTaskGraphCache

    def form(self, raw: RawObject | None = None, key: str | None = None) -> RunForm:
        """Return the form of a run with given values, or without own values."""
        task = _found(self.editing, Task, Kind.TASK, self.name)
        job = _found(self.editing, Job, Kind.JOB, task.job)
        group = _group(job)
        return RunForm(
            task=task,
            job=job,
            view=FormView(
                group=group,
                raw=fill(group, {}) if raw is None else raw,
                address=task_path(self.name, "run"),
                form_id="run",
            ),
            followers=self.graph.descendant_count(self.name, most=MOST_FOLLOWERS),
            key=key[:_MAX_KEY] if key else new_run_id(),
        )


@router.get("/tasks/{name}/run")
def run_once_page(target: Annotated[_Target, Depends()]) -> Response:
    """Show the values and the priority of a run."""
    return run_page(target.request, target.form())


@router.post("/tasks/{name}/run")
def run_once(
    target: Annotated[_Target, Depends()],
    runs: CurrentTaskRuns,
    engine: CurrentEngine,
    requester: CurrentRequester,
    form: CurrentForm,
) -> Response:
    """Start a run, and show it."""
    shown = target.form(_raw(form), form.get("~key"))
    try:
        run = runs.run_once(_request(shown, requester), engine)
    except Invalid as error:
        view = replace(shown.view, problems=error.problems)
        wrong = replace(shown, view=view)
        return run_page(target.request, wrong, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(run_path(run.run_id))


def _raw(form: FormData) -> RawObject:
    return nested([each for each in form.multi_items() if each[0][:1] != "~"])


def _group(job: Job) -> Group:
    """Return the fields of a run: the values of the Job's inputs, and the priority."""
    values = parameter_values(job.parameters)
    priority = Number(least=-_MOST, most=_MOST)
    return Group(
        fields=(
            Field(name="parameters", label="Values", control=values),
            Field(
                name="priority",
                label="Priority",
                control=priority,
                help="A higher priority starts first. Empty: the priority of the task.",
            ),
        )
    )


def _request(shown: RunForm, requester: Requester) -> RunRequest:
    """Return the request of a run, or raise `Invalid`."""
    reading = read(shown.view.group, shown.view.raw)
    if reading.problems:
        raise Invalid(reading.problems)
    parameters, priority = reading.document.get("parameters"), reading.document.get("priority")
    if priority is not None and not _is_priority(priority):
        raise Invalid.at("priority", f"must be a whole number from -{_MOST:,} to {_MOST:,}")
    request = RunRequest(
        task=shown.task.name,
        parameters=parameters if isinstance(parameters, dict) else {},
        priority=priority if isinstance(priority, int) else None,
        actor=requester.actor,
        may_name_secrets=requester.may_name_secrets,
    )
    # The form starts one run if it is sent twice, and another run after a change.
    return replace(request, idempotency_key=f"{shown.key}~{request.digest}")


def _is_priority(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MOST


def _found[D: Definition](editing: DefinitionEditing, model: type[D], kind: Kind, name: str) -> D:
    definition = editing.get(kind, name).definition
    if not isinstance(definition, model):
        raise Broken(f"the {kind.value} named {name} have another type")
    return definition
