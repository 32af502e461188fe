"""Serves the HTML page that creates a Task from a Job."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import htpy as h
from fastapi import Request, Response
from htpy import Element

from polysync_core.api.definitions.artefact_import import CurrentArtefactImport
from polysync_core.api.definitions.routes import CurrentDefinitionEditing
from polysync_core.api.engine import PossibleEngine
from polysync_core.api.security.authors import EditAuthor
from polysync_core.console.form_data import CurrentForm
from polysync_core.console.forms.inputs import NAME_IN_BROWSERS
from polysync_core.console.icons import icon
from polysync_core.console.parts.notices import notice
from polysync_core.console.paths import job_path, page_path, task_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page, redirect
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.errors import Conflict, Invalid

router = PageRouter()


@router.get("/jobs/{name}/task")
def ask_for_name(request: Request, name: str, editing: CurrentDefinitionEditing) -> Response:
    """Ask for the name of the new Task."""
    editing.get(Kind.JOB, name)
    return _page(request, name, _suggestion(name))


@router.post("/jobs/{name}/task")
def create_task(  # noqa: PLR0913 - one parameter for each use case
    request: Request,
    name: str,
    form: CurrentForm,
    artefact_import: CurrentArtefactImport,
    engine: PossibleEngine,
    author: EditAuthor,
) -> Response:
    """Create the Task and open it."""
    task = form.get("task", "").strip()
    try:
        artefact_import.create_task(name, task, {}, engine=engine, author=author)
    except Conflict as error:
        return _page(request, name, task, [str(error)], HTTPStatus.CONFLICT)
    except Invalid as error:
        problems = [str(each) for each in error.problems]
        return _page(request, name, task, problems, HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(task_path(task, tab="settings"))


def _page(
    request: Request,
    job: str,
    task: str,
    problems: Sequence[str] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    return page(
        request,
        "Create Task",
        problems and notice("error", h.ul[[h.li[each] for each in problems]]),
        _form(job, task),
        section="jobs",
        crumbs=[("Jobs", page_path("jobs")), (job, job_path(job))],
        status=status,
    )


def _form(job: str, task: str) -> Element:
    return h.form(".card", method="post", action=page_path("jobs", job, "task"))[
        h.div(".in.field")[
            h.label(for_="task")["Name of the new Task"],
            h.input(
                id="task",
                name="task",
                value=task,
                required=True,
                autofocus=True,
                maxlength="63",
                pattern=NAME_IN_BROWSERS,
                autocomplete="off",
                aria_describedby="task-help",
            ),
            h.p(".help", id="task-help")[
                "1 to 63 small letters, digits and hyphens. "
                f"The Task takes the defaults of {job}; you can change them next."
            ],
        ],
        h.div(".foot")[
            h.a(".button", href=job_path(job))["Cancel"],
            h.button(".primary", type="submit")[icon("add"), "Create Task"],
        ],
    ]


def _suggestion(job: str) -> str:
    return job
