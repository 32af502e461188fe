"""Draws the table of failed runs, grouped by Task, cause and error."""

from __future__ import annotations

from datetime import datetime

import htpy as h
from htpy import Element, Node

from polysync_core.application.runs.lists.failure_groups import FailureGroups
from polysync_core.console.pages.runs.actions_bar import group_form
from polysync_core.console.pages.runs.query import RunsQuery
from polysync_core.console.parts.notices import empty_state, notice
from polysync_core.console.parts.run_links import run_link, with_run_links
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import relative_time
from polysync_core.console.paths import job_path, task_path
from polysync_core.domain.runs.failures.groups import FailureGroup

_COLUMNS = ("Runs", "Task", "Cause and error", "Newest", "Oldest", "Actions")
_MAX_ERROR = 400


def groups_view(
    found: FailureGroups, query: RunsQuery, *, now: datetime, may_rerun: bool
) -> Element:
    """Return the groups, the largest first, with the way to their runs."""
    if not found.groups:
        return h.div(".card")[
            empty_state(
                "No run failed in this time.",
                h.a(".button", href=query.with_("since", "7d").address())["Show the last 7 days"],
            )
        ]
    columns = _COLUMNS if may_rerun else _COLUMNS[:-1]
    rows = [_row(group, query, now, may_rerun) for group in found.groups]
    return h.div(".stack")[
        None
        if found.is_complete
        else notice(
            "warning",
            f"These are the newest {found.examined} failed runs. Narrow the filters for older "
            "ones.",
        ),
        h.div(".card")[table("Failures by Task, cause and error", columns, rows)],
    ]


def _row(group: FailureGroup, query: RunsQuery, now: datetime, may_rerun: bool) -> Element:
    task = group.task
    error = group.error[:_MAX_ERROR]
    return h.tr[
        h.td(".number")[h.a(href=_runs_of(group, query))[str(group.count)]],
        h.td[
            h.a(href=job_path(group.job) if task is None else task_path(task))[task or group.job],
            h.br,
            h.small[group.platform],
        ],
        h.td(".why")[h.b(".error")[group.cause or "Failed"], " · ", list(with_run_links(error))],
        h.td(".nowrap")[relative_time(group.last_at, now=now), h.br, run_link(group.run_ids[0])],
        h.td(".nowrap")[relative_time(group.first_at, now=now)],
        may_rerun and h.td(".nowrap")[_actions(group, query)],
    ]


def _actions(group: FailureGroup, query: RunsQuery) -> Node:
    return group_form(group.run_ids, query)


def _runs_of(group: FailureGroup, query: RunsQuery) -> str:
    narrowed = query.with_("group").with_("status", "Failed")
    if not query.get("since"):
        narrowed = narrowed.with_("since", "24h")
    if group.cause is not None:
        narrowed = narrowed.with_("cause", group.cause)
    if group.task is None:
        return narrowed.with_("job", group.job).address()
    return narrowed.with_("task", group.task).address()
