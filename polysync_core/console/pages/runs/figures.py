"""Draws the four summary figures above the run list, such as running runs."""

from __future__ import annotations

from datetime import datetime

import htpy as h
from htpy import Element, Node

from polysync_core.application.runs.lists.overview import MAX_COUNTED, Figures
from polysync_core.console.icons import icon, status_icon
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.times import (
    NOTHING,
    absolute_text,
    relative_text,
    running_duration,
)
from polysync_core.console.paths import page_path
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.schedules.stored_schedules import Due


def figures_strip(figures: Figures, *, now: datetime, is_late: bool = False) -> Element:
    """Return the figures; each leads to the list behind it.

    `is_late` marks figures that a stream sends beside the rows.
    """
    swap = {"hx-swap-oob": "outerMorph"} if is_late else {}
    return h.div({"id": "figures", **swap})[
        figures.unreachable and _unreachable(figures),
        h.div(".figures")[
            _figure(
                page_path("runs", status="Running"),
                [status_icon(RunStatus.RUNNING), str(figures.running)],
                _running(figures, now),
            ),
            _figure(
                page_path("runs", status="Queued"),
                [status_icon(RunStatus.QUEUED), str(figures.waiting)],
                "waiting; each row says for what" if figures.waiting else "waiting",
            ),
            _figure(
                page_path("runs", status="Failed", since="24h"),
                [status_icon(RunStatus.FAILED), _count(figures.failed)],
                "failed, of the runs of the last 24 hours",
            ),
            _next_fire(figures.next_fire, now),
        ],
    ]


def _figure(address: str, value: Node, label: Node) -> Element:
    return h.a(".card", href=address)[h.span(".value")[value], h.span(".label")[label]]


def _running(figures: Figures, now: datetime) -> Node:
    if figures.oldest_start is None:
        return "running"
    return ["running, the longest for ", running_duration(figures.oldest_start, now=now)]


def _next_fire(due: Due | None, now: datetime) -> Element:
    address = page_path("upcoming")
    if due is None:
        return _figure(address, [icon("clock"), NOTHING], "no schedule will fire")
    today = due.at.date() == now.date()
    shown = f"{due.at:%H:%M} UTC" if today else f"{due.at:%b} {due.at.day}, {due.at:%H:%M} UTC"
    label = h.span(title=absolute_text(due.at))[
        f"next fire: {due.task}, {relative_text(due.at, now=now)}"
    ]
    return _figure(address, [icon("clock"), shown], label)


def _count(number: int) -> str:
    return f"{MAX_COUNTED:,} or more" if number >= MAX_COUNTED else str(number)


def _unreachable(figures: Figures) -> Element:
    names = ", ".join(figures.unreachable)
    return notice(
        "warning",
        f"The Dispatcher of {names} does not answer. Its runs are not counted, and start when it "
        "is back.",
    )
