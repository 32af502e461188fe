"""Serves the HTML page that updates a Job's parameters from its artefact (drift)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import htpy as h
from fastapi import Request, Response
from htpy import Element, Node

from polysync_core.api.definitions.artefact_import import CurrentArtefactImport
from polysync_core.api.definitions.routes import CurrentDefinitionEditing
from polysync_core.api.engine import PossibleEngine
from polysync_core.api.security.authors import ImportAuthor
from polysync_core.application.platforms.drift import DriftState, JobDrift
from polysync_core.application.platforms.recent_drift import CheckedDrift
from polysync_core.console.form_data import CurrentForm
from polysync_core.console.icons import icon
from polysync_core.console.pages.jobs.drift_words import drift_badge, drift_by_parameter
from polysync_core.console.pages.jobs.jobs import CurrentRecentDrift
from polysync_core.console.parts.cards import card, commands
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import relative_time
from polysync_core.console.paths import job_path, page_path, task_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import has_role, page, redirect
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.security.roles import Role

router = PageRouter()


@router.get("/jobs/{name}/sync")
def difference_page(
    request: Request,
    name: str,
    editing: CurrentDefinitionEditing,
    recent: CurrentRecentDrift,
) -> Response:
    """Show the current difference between a Job and its artefact."""
    stored = editing.get(Kind.JOB, name)
    recent.forget(stored)
    checked = recent.checked([stored])[name]
    return page(
        request,
        "Sync parameters",
        h.div(".stack")[
            _summary(checked),
            _content(request, cast("Job", stored.definition), checked.drift),
            commands(
                f"polysync sync-parameters {name} --dry-run", f"polysync sync-parameters {name}"
            ),
        ],
        section="jobs",
        crumbs=[("Jobs", page_path("jobs")), (name, job_path(name))],
    )


@router.post("/jobs/{name}/sync")
def take_differences(
    name: str,
    form: CurrentForm,
    artefact_import: CurrentArtefactImport,
    engine: PossibleEngine,
    author: ImportAuthor,
) -> Response:
    """Take the chosen differences, or all of them, and return to the Job."""
    only = frozenset(form.getlist("name")) if form.get("do") != "all" else None
    if only is not None and not only:
        raise Invalid([Problem("name", "Choose the parameters to take, or take all.")])
    done = artefact_import.sync_parameters(
        name, engine=engine, only=only, remove=form.get("remove") == "true", author=author
    )
    code = "synced-partly" if done.incompatible_tasks else "synced"
    if done.difference.is_empty:
        code = "sync-unchanged"
    return redirect(page_path("jobs", name, tab="parameters", drift=True, notice=code))


def _summary(checked: CheckedDrift) -> Element:
    drift = checked.drift
    return h.p[
        drift_badge(drift),
        " The artefact ",
        h.code(".break")[drift.external_id],
        " was read ",
        relative_time(checked.at, now=datetime.now(UTC)),
        ".",
    ]


def _content(request: Request, job: Job, drift: JobDrift) -> Node:
    if drift.state is DriftState.GONE:
        return notice(
            "error",
            h.p[f"{(drift.error or '').rstrip('.')}."],
            h.p["Correct the external id of the Job, or delete the Job."],
            h.p[h.a(".button", href=job_path(job.name))["Open the Job"]],
        )
    if drift.error is not None:
        return notice(
            "warning",
            h.p[f"The artefact could not be read: {drift.error.rstrip('.')}."],
            h.p[h.a(".button", href=page_path("jobs", job.name, "sync"))["Try again"]],
        )
    return [_notes(drift), _tasks(drift), _differences(request, job, drift)]


def _notes(drift: JobDrift) -> Node:
    if not drift.notes:
        return None
    notes = h.ul[[h.li[note] for note in drift.notes]]
    if drift.is_complete:
        return notice("info", h.p["Notes about the artefact:"], notes)
    return notice(
        "warning",
        h.p["The artefact could not be read with certainty, so no parameter is removed:"],
        notes,
        drift.unseen and h.p[f"Perhaps gone: {', '.join(drift.unseen)}."],
    )


def _tasks(drift: JobDrift) -> Node:
    if not drift.tasks:
        return None
    lines = [
        h.li[h.a(href=task_path(each.task))[each.task], f": {problem}"]
        for each in drift.tasks
        for problem in each.problems
    ]
    return notice(
        "warning",
        h.p["These Tasks contradict the artefact. They keep their parameters for now:"],
        h.ul[lines],
    )


def _differences(request: Request, job: Job, drift: JobDrift) -> Node:
    changes = drift_by_parameter(drift)
    if not changes:
        return notice("success", "The Job has the parameters of its artefact.")
    may_take = has_role(request, Role.ADMINISTRATOR)
    rows = [
        h.tr[h.td[_box(name, number) if may_take else h.b[name]], h.td[words]]
        for number, (name, words) in enumerate(changes.items())
    ]
    columns = ("Parameter", "Change")
    shown = card("Difference", table("Differences by parameter", columns, rows))
    if not may_take:
        return shown
    return h.form(".stack", method="post", action=page_path("jobs", job.name, "sync"))[
        shown,
        drift.unseen and _remove_box(),
        h.div(".actions")[
            h.button(".primary", type="submit", name="do", value="all")[icon("rerun"), "Take all"],
            h.button(type="submit", name="do", value="chosen")["Take the chosen"],
            h.a(".button.quiet", href=job_path(job.name))["Cancel"],
        ],
    ]


def _remove_box() -> Element:
    return h.p[
        h.label(".check")[
            h.input(type="checkbox", name="remove", value="true"),
            "Also remove the parameters that are perhaps gone",
        ]
    ]


def _box(name: str, number: int) -> Element:
    box = f"take-{number}"
    return h.span(".check")[
        h.input(id=box, type="checkbox", name="name", value=name), h.label(for_=box)[h.b[name]]
    ]
