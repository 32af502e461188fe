"""Draws the skipped runs, grouped by the failed run that caused them (root cause)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import htpy as h
from htpy import Element, Node

from polysync_core.application.missed.skipped import SkippedGroup
from polysync_core.console.icons import icon, status_icon
from polysync_core.console.parts.times import relative_time
from polysync_core.console.paths import page_path, run_path, task_path
from polysync_core.domain.runs.status import RunStatus

_SHORT = 8
_FEW = 5
"""The number of branches that are shown without a click."""
_VERBS = {
    RunStatus.FAILED: "failed",
    RunStatus.CANCELLED: "was cancelled",
    RunStatus.SUCCEEDED: "succeeded",
    RunStatus.SKIPPED: "was skipped itself",
}


def skipped_groups(
    groups: Sequence[SkippedGroup], *, may_repair: bool, now: datetime
) -> Iterator[Node]:
    """Yield a card for each root cause, then the branches not taken by design."""
    alarms = [group for group in groups if not group.is_by_design]
    designed = [group for group in groups if group.is_by_design]
    for group in alarms:
        yield _card(group, may_repair=may_repair, now=now)
    if designed:
        yield h.details(".card", open=not alarms or len(designed) <= _FEW)[
            h.summary[
                f"{len(designed)} {'branch was' if len(designed) == 1 else 'branches were'} not "
                "taken by design"
            ],
            h.ul(".missed-list")[[h.li[_designed(group, now)] for group in designed]],
        ]


def _card(group: SkippedGroup, *, may_repair: bool, now: datetime) -> Element:
    many = len(group.runs)
    title = f"{many} {'run was' if many == 1 else 'runs were'} skipped"
    return h.section(".card", aria_label=f"{title} because of {group.root.task}")[
        h.header[
            status_icon(RunStatus.SKIPPED),
            h.h2[title],
            h.small[_where(group, now)],
            _repair(group) if may_repair else None,
        ],
        h.div(".in")[
            h.p[_because(group)],
            h.ul(".chips")[
                [
                    h.li[
                        h.a(".chip", href=run_path(run.run_id))[
                            status_icon(run.status), h.span[run.title]
                        ]
                    ]
                    for run in group.runs
                ]
            ],
            group.recovered_by
            and h.p[
                icon("rerun"),
                " ",
                h.a(href=run_path(group.recovered_by))["A later run"],
                f" of {group.root.task} has succeeded.",
            ],
        ],
    ]


def _where(group: SkippedGroup, now: datetime) -> list[Node]:
    address = page_path("graph", graphRunId=group.graph_run_id, task=group.root.task)
    return [
        "in graph run ",
        h.a(".mono", href=address)[group.graph_run_id[:_SHORT]],
        " · ",
        relative_time(group.at, now=now),
    ]


def _because(group: SkippedGroup) -> list[Node]:
    root = group.root
    return [
        "Because ",
        h.a(href=run_path(root.run_id))[h.b[root.task]],
        " ",
        h.b[_VERBS.get(root.status, root.status.value.lower())],
        f": {root.error}",
    ]


def _repair(group: SkippedGroup) -> Element:
    text = f"Repair: rerun {group.root.task} with what follows"
    return h.div(".actions")[
        h.form(method="post", action=page_path("missed", "repair"))[
            h.input(type="hidden", name="run", value=group.root.run_id),
            h.button(".wrapped", type="submit")[icon("rerun"), text],
        ]
    ]


def _designed(group: SkippedGroup, now: datetime) -> list[Node]:
    names = [
        [", " if number else "", h.a(href=task_path(run.task or ""))[run.title]]
        for number, run in enumerate(group.runs)
    ]
    return [
        h.span[names],
        h.span(".nothing")[
            "because ",
            h.a(href=run_path(group.root.run_id))[group.root.task],
            f" {_VERBS[group.root.status]} · ",
            relative_time(group.at, now=now),
        ],
    ]
