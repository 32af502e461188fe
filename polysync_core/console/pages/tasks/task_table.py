"""Draws the HTML table of Tasks with newest run, next fire time and state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import htpy as h
from fastapi import Request
from htpy import Element, Node

from polysync_core.application.definitions.task_list import (
    TaskRow,
)
from polysync_core.console.parts.broken import broken_mark
from polysync_core.console.parts.status import status_badge
from polysync_core.console.parts.times import nothing, relative_time
from polysync_core.console.paths import (
    job_path,
    page_path,
    platform_path,
    run_path,
    task_path,
)
from polysync_core.console.shell import has_role
from polysync_core.domain.dispatch.holds import Hold
from polysync_core.domain.security.roles import Role

_COLUMNS = ("Task", "Job", "Last run", "Next fire", "State", "Tags")


def task_table(request: Request, rows: Sequence[TaskRow], holds: Sequence[Hold]) -> Element:
    """Return the table of Tasks; operators choose rows of it."""
    may_choose = has_role(request, Role.OPERATOR)
    now = datetime.now(UTC)
    return h.div(".table", tabindex="0", role="region", aria_label="Tasks")[
        h.table[
            h.caption(".hidden")["Tasks"],
            h.thead[
                h.tr[
                    may_choose and h.td[h.span(".hidden")["Choose"]],
                    [h.th(scope="col")[column] for column in _COLUMNS],
                ]
            ],
            h.tbody(".rows")[
                [_row(row, _hold_on(row, holds), now, may_choose=may_choose) for row in rows]
            ],
        ]
    ]


def _row(row: TaskRow, hold: Hold | None, now: datetime, *, may_choose: bool) -> Element:
    name = row.task.name
    return h.tr(id=f"task-{name}", data_url=task_path(name), data_id=name)[
        may_choose
        and h.td[h.input(type="checkbox", name="name", value=name, aria_label=f"Choose {name}")],
        h.td[
            h.a(".name", href=task_path(name))[name],
            broken_mark(row.task),
            row.task.display_name and h.small[row.task.display_name],
        ],
        h.td[
            h.a(href=job_path(row.task.job))[row.task.job],
            row.job and h.small[h.a(href=platform_path(row.job.platform))[row.job.platform]],
        ],
        h.td[_newest(row, now)],
        h.td[relative_time(row.next_fire_time, now=now), _fire_reason(row)],
        h.td[hold and _held(hold), _state(row)],
        h.td[_tags(row)],
    ]


def _hold_on(row: TaskRow, holds: Sequence[Hold]) -> Hold | None:
    platform = "" if row.job is None else row.job.platform
    return next((hold for hold in holds if hold.holds(row.task.name, platform)), None)


def _held(hold: Hold) -> Node:
    return [h.span(".badge.warning")["Held"], " ", h.small[hold.reason]]


def _newest(row: TaskRow, now: datetime) -> Node:
    head = row.newest
    if head is None:
        return status_badge(None)
    return [
        h.a(href=run_path(head.run_id))[status_badge(head.status)],
        h.small[
            head.cause and f"{head.cause.value}, ",
            relative_time(head.finished_at or head.queued_at, now=now),
        ],
    ]


def _fire_reason(row: TaskRow) -> Node:
    """Return the reason for a missing next fire time."""
    if row.next_fire_time is not None:
        return None
    if not row.task.schedules:
        after = len(row.task.dependencies)
        if not after:
            return h.small["starts by hand"]
        return h.small[f"starts after {after} {'task' if after == 1 else 'tasks'}"]
    if not row.task.enabled:
        return h.small["the task is disabled"]
    return h.small["paused" if row.paused else "no enabled schedule fires"]


def _state(row: TaskRow) -> Node:
    if not row.task.enabled:
        return h.span(".badge")["Disabled"]
    paused = row.paused
    if not paused:
        return h.span(".badge.success")["Enabled"]
    pause = paused[0].paused
    return [
        h.span(".badge.warning")["Paused"],
        h.small[f"{', '.join(each.schedule.name for each in paused)}: {pause and pause.reason}"],
    ]


def _tags(row: TaskRow) -> Node:
    if not row.task.tags:
        return nothing()
    return h.span(".chips")[
        [
            h.a(".chip", href=page_path("tasks", tag=f"{name}={value}"))[f"{name}={value}"]
            for name, value in row.task.tags.items()
        ]
    ]
