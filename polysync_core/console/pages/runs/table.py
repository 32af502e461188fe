"""Draws the HTML table of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import htpy as h
from htpy import Element, Node

from polysync_core.application.runs.lists.overview import Overview
from polysync_core.console.pages.runs.reasons import reason_line, trigger_line
from polysync_core.console.parts.deadlines import deadline_badges
from polysync_core.console.parts.meters import usual_meter
from polysync_core.console.parts.run_links import platform_address, platform_link, short_id
from polysync_core.console.parts.status import status_badge
from polysync_core.console.parts.times import (
    duration_text,
    nothing,
    relative_time,
    running_duration,
)
from polysync_core.console.paths import run_path
from polysync_core.domain.runs.run import RunStatus, TaskRun

_COLUMNS = ("Status", "Task", "Reason of the wait, or outcome", "Started by", "Queued")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The runs of a table, with the reason and the usual duration of each."""

    runs: Sequence[TaskRun]
    overview: Overview
    now: datetime
    may_choose: bool
    """True if the person may cancel and rerun runs."""


def runs_table(rows: Rows) -> Element:
    """Return the table of runs; a row can be chosen by its checkbox."""
    return h.div(".table", tabindex="0", role="region", aria_label="Runs, newest first")[
        h.table[
            h.caption(".hidden")["Runs, newest first"],
            h.thead[
                h.tr[
                    rows.may_choose and h.th(scope="col")[_choose_all()],
                    [h.th(scope="col")[title] for title in _COLUMNS],
                    h.th(".number", scope="col")["Duration"],
                    h.th(scope="col")[h.span(".hidden")["Platform"]],
                ]
            ],
            h.tbody(".rows")[[_row(run, rows) for run in rows.runs]],
        ]
    ]


def duration_of(run: TaskRun, *, now: datetime) -> timedelta | None:
    """Return the time since the first attempt of a run started, or its whole duration."""
    if run.started_at is None:
        return None
    return (run.finished_at or now) - run.started_at


def _choose_all() -> Node:
    return h.input(
        ".needs-script", type="checkbox", data_choose_all="", aria_label="Choose all runs"
    )


def _row(run: TaskRun, rows: Rows) -> Element:
    address = run_path(run.run_id)
    explained = rows.overview.explained.get(run.run_id)
    return h.tr(
        id=run.run_id,
        data_url=address,
        data_ext=platform_address(run.attempt),
        data_id=run.run_id,
    )[
        rows.may_choose and h.td[_checkbox(run)],
        h.td(".nowrap")[status_badge(run.status), deadline_badges(run)],
        h.td[
            h.a(".name", href=address)[run.title],
            h.small(".id.mono")[f"{short_id(run.run_id)} · {run.job.platform}"],
        ],
        h.td(".why")[reason_line(run, explained)],
        h.td[trigger_line(run)],
        h.td(".nowrap")[relative_time(run.queued_at, now=rows.now)],
        h.td(".number.nowrap")[_duration(run, rows)],
        h.td(".nowrap")[platform_link(run, run.attempt)],
    ]


def _checkbox(run: TaskRun) -> Node:
    label = f"Choose run {short_id(run.run_id)} of {run.title}"
    return h.input(type="checkbox", name="run", value=run.run_id, aria_label=label)


def _duration(run: TaskRun, rows: Rows) -> Node:
    passed = duration_of(run, now=rows.now)
    if run.started_at is None or passed is None:
        return nothing()
    attempts = len(run.attempts)
    usual = rows.overview.usual.get(run.run_id)
    is_running = run.status is RunStatus.RUNNING
    return [
        running_duration(run.started_at, now=rows.now) if is_running else duration_text(passed),
        attempts > 1 and h.small[f"{attempts} attempts"],
        usual_meter(passed, usual) if is_running and usual is not None else None,
    ]
