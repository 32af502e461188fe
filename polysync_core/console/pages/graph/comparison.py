"""Draws the comparison of a graph run (root run and dependents) with the previous one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import htpy as h
from htpy import Element, Node

from polysync_core.application.dependencies.graph_run_comparison import (
    ComparedTask,
    Comparison,
    duration_of,
)
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.status import status_badge
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import duration_text, nothing
from polysync_core.console.paths import page_path, run_path
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.run import TaskRun

_MAX_VALUE = 60


def comparison_section(comparison: Comparison | None) -> Element:
    """Return a table of the Tasks in both graph runs, the changed ones first."""
    if comparison is None:
        return h.div("#comparison.compared")[notice("info", "There is no earlier graph run.")]
    tasks = sorted(comparison.tasks, key=lambda each: not each.is_changed)
    before = page_path("graph", graphRunId=comparison.before)
    return h.div("#comparison.compared")[
        card(
            "Compared with the graph run before",
            table(
                "Differences between the two graph runs",
                ["Task", "Now", "Before", "Duration", "Changed outputs"],
                [_row(each) for each in tasks],
            ),
            note=[
                h.a(".mono", href=before)[comparison.before[:8]],
                f" · {_changes(comparison.tasks)}",
            ],
        )
    ]


def _changes(tasks: Sequence[ComparedTask]) -> str:
    changed = sum(each.is_changed for each in tasks)
    return f"{changed} of {len(tasks)} Tasks differ" if changed else "no Task differs"


def _row(each: ComparedTask) -> Element:
    return h.tr[
        h.th(scope="row")[each.task],
        h.td[_run(each.run)],
        h.td[_run(each.before)],
        h.td[_duration(each)],
        h.td(".break")[_outputs(each)],
    ]


def _run(run: TaskRun | None) -> Node:
    if run is None:
        return nothing()
    return h.a(href=run_path(run.run_id))[status_badge(run.status)]


def _duration(each: ComparedTask) -> Node:
    slower = each.slower_by
    now = duration_text(duration_of(each.run))
    if slower is None:
        return now
    if abs(slower) < timedelta(seconds=1):
        return [now, h.small[" as before"]]
    word = "slower" if slower > timedelta() else "faster"
    return [now, h.small[f" {duration_text(abs(slower))} {word}"]]


def _outputs(each: ComparedTask) -> Node:
    changed = each.changed_outputs
    if not changed:
        return nothing()
    return h.ul[
        [
            h.li[
                h.span(".mono")[name],
                ": ",
                h.del_[_value(before)],
                " → ",
                h.ins[_value(now)],
            ]
            for name, (before, now) in changed.items()
        ]
    ]


def _value(value: JsonValue) -> str:
    text = "none" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 1]}…"
