"""Draws the HTML page that asks for confirmation before several runs are cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import htpy as h
from fastapi import Request, Response
from htpy import Element, Node

from polysync_core.console.icons import icon
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.run_links import run_link, subject_link
from polysync_core.console.parts.status import status_badge
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import relative_time
from polysync_core.console.paths import page_path
from polysync_core.console.shell import page
from polysync_core.domain.runs.run import TaskRun

CONFIRMED = "confirmed"
"""The field of a form whose runs a person has seen and confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRuns:
    """The runs that a person wants to cancel."""

    runs: Sequence[TaskRun]
    now: datetime
    has_more: bool = False
    """True if further runs match the filters of the list."""

    @property
    def active(self) -> list[TaskRun]:
        """The runs that have not ended."""
        return [run for run in self.runs if not run.status.is_terminal]


def confirmation_page(request: Request, chosen: ChosenRuns, fields: Mapping[str, str]) -> Response:
    """Return the page that lists the runs to cancel.

    `fields` are those of the form that cancels them; `back` is the address of the list.
    """
    runs, active, back = chosen.runs, chosen.active, fields["back"]
    rows = [_row(run, chosen.now) for run in runs]
    return page(
        request,
        f"Cancel {many_runs(len(active))}?" if active else "Nothing to cancel",
        card(
            "The chosen runs",
            _note(len(runs) - len(active)),
            chosen.has_more and _more(len(active)),
            table("Chosen runs", ["Status", "Run", "Since"], rows) if rows else None,
            _form(active, fields),
        ),
        section="runs",
        crumbs=[("Runs", back)],
    )


def many_runs(number: int) -> str:
    """Return a number with its noun."""
    return "1 run" if number == 1 else f"{number} runs"


def _note(ended: int) -> Node:
    if not ended:
        return None
    return h.div(".in")[notice("info", f"{many_runs(ended)} ended meanwhile and cannot change.")]


def _more(shown: int) -> Node:
    text = f"These are the newest {shown}. More runs match: cancel them afterwards in the same way."
    return h.div(".in")[notice("info", text)]


def _row(run: TaskRun, now: datetime) -> Element:
    return h.tr[
        h.td[status_badge(run.status)],
        h.td[subject_link(run), " ", run_link(run.run_id)],
        h.td[relative_time(run.started_at or run.queued_at, now=now)],
    ]


def _form(runs: Sequence[TaskRun], fields: Mapping[str, str]) -> Element:
    return h.form(".foot", method="post", action=page_path("runs", "actions"))[
        [h.input(type="hidden", name="run", value=run.run_id) for run in runs],
        [h.input(type="hidden", name=name, value=value) for name, value in fields.items()],
        h.a(".button", href=fields["back"])["Back"],
        bool(runs)
        and h.button(".danger.primary", type="submit", name=CONFIRMED, value="true")[
            icon("stop"), f"Cancel {many_runs(len(runs))}"
        ],
    ]
