"""Serves the HTML pages of the Job editor, with artefact search and parameter table."""

from __future__ import annotations

from itertools import islice
from typing import cast

import htpy as h
from htpy import Node

from polysync_core.api.use_cases import given
from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.runs.job_runs import JobRuns
from polysync_core.console.editing.editor import Editor, EditorPage, EditorTab
from polysync_core.console.editing.frame import do_button
from polysync_core.console.editing.routes import editor_routes
from polysync_core.console.forms.problems import control_id
from polysync_core.console.forms.rows import form_fields
from polysync_core.console.icons import icon
from polysync_core.console.pages.jobs.artefact_picker import (
    choose_artefact,
    picker,
    search_artefacts,
)
from polysync_core.console.pages.jobs.live_run import execute_button, execute_dialog
from polysync_core.console.pages.jobs.parameter_grid import parameter_grid, paste_rows
from polysync_core.console.parts.cards import card, facts
from polysync_core.console.paths import page_path, task_path
from polysync_core.console.shell import has_role
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.security.roles import Role

_SECTION = "jobs"
_SETTINGS = ("settings", "unknownParameters", "keepErrors", "tags", "inputs", "outputs")
_MOST_TASKS = 20


def _general(state: EditorPage) -> Node:
    view = state.view
    return [
        None if state.is_new else form_fields(view, "name"),
        form_fields(view, "platform"),
        state.is_new and _use_button(state, "platform", "Use this Platform"),
        picker(state),
        form_fields(view, "jobType"),
        state.is_new and _use_button(state, "jobType", "Use this type"),
        form_fields(view, "externalId"),
        form_fields(view, "name") if state.is_new else None,
        form_fields(view, "displayName", "description"),
    ]


def _use_button(state: EditorPage, field: str, label: str) -> Node:
    """Return the button that shows the fields of a choice; a script presses it by itself."""
    attributes = do_button(state.view, "refresh")
    return h.p[h.button(attributes, type="submit", data_follows=control_id(field))[label]]


def _settings(state: EditorPage) -> Node:
    if not state.document.get("jobType"):
        return h.p["Choose the job type first."]
    return form_fields(state.view, *_SETTINGS)


def _buttons(state: EditorPage) -> Node:
    name = state.name or ""
    may_run = has_role(state.request, Role.OPERATOR)
    newest = given(state.request, JobRuns).newest(name) if may_run else None
    create = (
        not state.is_read_only
        and h.a(".button", href=page_path(_SECTION, name, "task"))[icon("task"), "Create Task"]
    )
    return [create, may_run and execute_button(name, newest)]


def _use(state: EditorPage) -> Node:
    """Return the card with the Tasks of the Job and the links to its runs."""
    name = state.name or ""
    tasks = list(islice(given(state.request, DefinitionLookup).tasks_of(name), _MOST_TASKS + 1))
    more = len(tasks) > _MOST_TASKS and [
        " and ",
        h.a(href=page_path("tasks", q=name))["all others"],
    ]
    names = [[h.a(href=task_path(each.name))[each.name], " "] for each in tasks[:_MOST_TASKS]]
    use = card(
        "Use",
        facts(
            [
                ("Tasks", [names, more] if tasks else "No Task runs it."),
                ("Runs", h.a(href=page_path("runs", job=name))["Runs of the Job"]),
                ("On the platform", _platform_runs(state, name)),
            ]
        ),
    )
    return [use, has_role(state.request, Role.OPERATOR) and execute_dialog()]


def _platform_runs(state: EditorPage, name: str) -> Node:
    """Return the link to the runs on the platform, if the platform lists them."""
    job = None if state.stored is None else state.stored.definition
    if not isinstance(job, Job):
        return None
    platform = cast("Platform", state.services.stored(Kind.PLATFORM, job.platform).definition)
    kind = state.services.types.platform(platform.type).jobs.get(job.job_type)
    if kind is None or not kind.lists_runs:
        return None
    address = page_path(_SECTION, name, "platform-runs")
    return h.a(href=address)["Runs that the platform lists"]


EDITOR = Editor(
    kind=Kind.JOB,
    section=_SECTION,
    tabs=(
        EditorTab(
            "general",
            "General",
            ("name", "platform", "jobType", "externalId", "displayName", "description"),
            _general,
        ),
        EditorTab("parameters", "Parameters", ("parameters",), parameter_grid),
        EditorTab(
            "settings",
            "Settings",
            _SETTINGS,
            _settings,
        ),
    ),
    prefill=("platform", "jobType", "externalId"),
    buttons=_buttons,
    below=_use,
    actions={"artefacts": search_artefacts, "choose": choose_artefact, "paste": paste_rows},
    notices={
        "synced": "The parameters are those of the artefact.",
        "synced-partly": "Some parameters stay, because Tasks contradict the artefact.",
        "sync-unchanged": "There was no difference to take.",
    },
)
router = editor_routes(EDITOR)
