"""Defines the Task editor: its tabs, its buttons and the cards below its form."""

from __future__ import annotations

from collections.abc import Callable

import htpy as h
from htpy import Node

from polysync_core.console.editing.editor import Editor, EditorPage, EditorTab
from polysync_core.console.icons import icon
from polysync_core.console.pages.limits.hold_notices import holding_card, holding_link, holds_above
from polysync_core.console.pages.tasks.editor import dependencies, general, runtime, scheduling
from polysync_core.console.pages.tasks.editor import values as settings
from polysync_core.console.pages.tasks.editor.deadlines import deadlines_card
from polysync_core.console.pages.tasks.editor.dependencies import dependencies_tab
from polysync_core.console.pages.tasks.editor.draft_context import rows_of
from polysync_core.console.pages.tasks.editor.general import general_tab
from polysync_core.console.pages.tasks.editor.pauses import schedule_states
from polysync_core.console.pages.tasks.editor.runtime import runtime_tab
from polysync_core.console.pages.tasks.editor.scheduling import scheduling_tab
from polysync_core.console.pages.tasks.editor.values import values_tab
from polysync_core.console.pages.tasks.notices import NOTICES
from polysync_core.console.paths import task_path
from polysync_core.console.shell import has_role
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.security.roles import Role


def _buttons(state: EditorPage) -> Node:
    name = state.name
    if name is None:
        return None
    if not has_role(state.request, Role.OPERATOR):
        return None
    return [
        holding_link(state),
        h.a(".button.quiet", href=task_path(name, "backfill"))["Backfill"],
        h.a(".button.primary", href=task_path(name, "run"))[icon("run"), "Run once"],
    ]


def _rows(path: str) -> Callable[[EditorPage], int]:
    """Return the function that counts the rows of a list."""
    return lambda state: len(rows_of(state, path))


def further_pages(name: str) -> list[tuple[str, str]]:
    """Return the pages of a Task beside its editor."""
    return [
        ("Runs", task_path(name, "runs")),
        ("Events", task_path(name, "events")),
        ("Gate", task_path(name, "gate")),
    ]


TASKS = Editor(
    kind=Kind.TASK,
    section="tasks",
    prefill=("job",),
    more_tabs=further_pages,
    tabs=(
        EditorTab("general", "General", general.FIELDS, general_tab),
        EditorTab("settings", "Settings", settings.FIELDS, values_tab, count=_rows("parameters")),
        EditorTab(
            "dependencies",
            "Dependencies",
            dependencies.FIELDS,
            dependencies_tab,
            count=_rows("dependencies"),
        ),
        EditorTab(
            "scheduling",
            "Scheduling",
            scheduling.FIELDS,
            scheduling_tab,
            count=_rows("schedules"),
        ),
        EditorTab("arrivals", "Arrivals", ("arrivals",), count=_rows("arrivals")),
        EditorTab("runtime-settings", "Runtime Settings", runtime.FIELDS, runtime_tab),
    ),
    buttons=_buttons,
    above=holds_above,
    below=lambda state: [schedule_states(state), deadlines_card(state), holding_card(state)],
    notices=NOTICES,
    scripts=("graph.js",),
)
"""The editor of a Task."""
