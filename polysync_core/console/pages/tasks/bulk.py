"""Pauses, resumes, enables or disables one or several Tasks from the console."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import htpy as h
from fastapi import Request, Response
from pydantic import ValidationError

from polysync_core.api.definitions.routes import CurrentDefinitionEditing
from polysync_core.api.engine import PossibleEngine
from polysync_core.api.schedules.routes import CurrentScheduleService, PauseRequest
from polysync_core.api.security.authors import EditAuthor
from polysync_core.api.security.callers import CurrentCaller
from polysync_core.console.form_data import CurrentForm, FormData
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.tables import table
from polysync_core.console.paths import page_path, task_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page, redirect
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.validation.messages import problems_of
from polysync_core.domain.errors import Invalid, Malformed, Problem, Refused
from polysync_core.domain.json_types import JsonObject

_MOST = 100
"""The maximum number of Tasks of one request."""

router = PageRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """The result of an action on one Task; None means success."""

    name: str
    error: str | None


@router.post("/tasks/-/pause")
def pause_tasks(
    request: Request, schedules: CurrentScheduleService, form: CurrentForm, caller: CurrentCaller
) -> Response:
    """Pause all schedules of the chosen Tasks."""
    reason = pause_reason(form)

    def pause(name: str) -> None:
        schedules.pause(name, schedule=None, reason=reason, by=caller.name)

    return _answer(request, form, "paused", pause)


@router.post("/tasks/-/resume")
def resume_tasks(
    request: Request, schedules: CurrentScheduleService, form: CurrentForm
) -> Response:
    """Resume all schedules of the chosen Tasks."""
    return _answer(request, form, "resumed", lambda name: schedules.resume(name, schedule=None))


@router.post("/tasks/-/enable")
def enable_tasks(
    request: Request,
    editing: CurrentDefinitionEditing,
    form: CurrentForm,
    engine: PossibleEngine,
    author: EditAuthor,
) -> Response:
    """Enable the chosen Tasks."""

    def enable(name: str) -> None:
        # None is the default, which is enabled.
        patch: JsonObject = {"enabled": None}
        editing.patch(Reference(Kind.TASK, name), patch, engine=engine, author=author)

    return _answer(request, form, "enabled", enable)


@router.post("/tasks/-/disable")
def disable_tasks(
    request: Request,
    editing: CurrentDefinitionEditing,
    form: CurrentForm,
    engine: PossibleEngine,
    author: EditAuthor,
) -> Response:
    """Disable the chosen Tasks."""
    patch: JsonObject = {"enabled": False}

    def disable(name: str) -> None:
        editing.patch(Reference(Kind.TASK, name), patch, engine=engine, author=author)

    return _answer(request, form, "disabled", disable)


@router.post("/tasks/{name}/pause")
def pause_task(
    name: str, schedules: CurrentScheduleService, form: CurrentForm, caller: CurrentCaller
) -> Response:
    """Pause one schedule of a Task, or all of them."""
    schedule = form.get("schedule") or None
    schedules.pause(name, schedule=schedule, reason=pause_reason(form), by=caller.name)
    return redirect(task_path(name, tab="scheduling", notice="paused"))


@router.post("/tasks/{name}/resume")
def resume_task(name: str, schedules: CurrentScheduleService, form: CurrentForm) -> Response:
    """Resume one schedule of a Task, or all of them."""
    schedules.resume(name, schedule=form.get("schedule") or None)
    return redirect(task_path(name, tab="scheduling", notice="resumed"))


def pause_reason(form: FormData) -> str:
    """Return the reason of a pause, or raise `Invalid`."""
    reason = form.get("reason", "").strip()
    if not reason:
        raise Invalid([Problem("reason", "is missing: say why the schedules pause")])
    try:
        return PauseRequest(reason=reason).reason
    except ValidationError as error:
        raise Invalid(problems_of(error, PauseRequest)) from error


def _answer(request: Request, form: FormData, code: str, act: Callable[[str], object]) -> Response:
    """Execute an action for each chosen Task, and show the refusals."""
    names = list(dict.fromkeys(form.getlist("name")))
    if len(names) > _MOST:
        raise Malformed([Problem("name", f"at most {_MOST} tasks at once: choose fewer")])
    outcomes = [_Outcome(name=name, error=_error(act, name)) for name in names]
    refused = [each for each in outcomes if each.error is not None]
    if refused:
        return _refused_page(request, outcomes, refused)
    kept = {key[1:]: value for key, value in form.multi_items() if key.startswith("~")}
    return redirect(page_path("tasks", **kept, notice=code if names else "none-chosen"))


def _error(act: Callable[[str], object], name: str) -> str | None:
    try:
        act(name)
    except Refused as error:
        return str(error)
    return None


def _refused_page(
    request: Request, outcomes: Sequence[_Outcome], refused: Sequence[_Outcome]
) -> Response:
    rows = [
        h.tr[
            h.th(scope="row")[h.a(href=task_path(each.name))[each.name]],
            h.td[each.error or "Done"],
        ]
        for each in outcomes
    ]
    done = len(outcomes) - len(refused)
    return page(
        request,
        "Some tasks were refused",
        notice("warning", f"{len(refused)} of {len(outcomes)} were refused; {done} are done."),
        h.div(".card")[table("Results by task", ["Task", "Result"], rows)],
        section="tasks",
        crumbs=[("Tasks", page_path("tasks"))],
        status=HTTPStatus.CONFLICT,
    )
