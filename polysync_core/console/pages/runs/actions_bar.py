"""Draws the HTML forms that cancel or rerun several selected runs."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import htpy as h
from htpy import Element, Node

from polysync_core.console.icons import icon
from polysync_core.console.pages.runs.query import RunsQuery
from polysync_core.console.paths import page_path
from polysync_core.domain.runs.identity import RunId


def chosen_form(query: RunsQuery, table: Node) -> Element:
    """Return the table in a form whose buttons act on the chosen runs."""
    return _form(
        query,
        h.div(".bulk", role="group", aria_label="Chosen runs")[
            h.span(".needs-script")[h.b(data_chosen="")["0"], " chosen"],
            _button("cancel", "Cancel", "stop"),
            _button("rerun", "Rerun", "rerun"),
            _button("downstream", "Rerun with what follows", "rerun"),
            query.may_have_active
            and h.a(".button.small", href=query.address("runs", "cancel"))[
                icon("stop"), "Cancel all that match"
            ],
        ],
        table,
    )


def group_form(run_ids: Sequence[RunId], query: RunsQuery) -> Element:
    """Return a form that reruns all runs of a group of failures."""
    number = len(run_ids)
    label = "Rerun" if number == 1 else f"Rerun the newest {number}"
    return _form(
        query,
        [h.input(type="hidden", name="run", value=run_id) for run_id in run_ids],
        h.button(".small", type="submit", name="action", value="rerun")[icon("rerun"), label],
    )


def _form(query: RunsQuery, *content: Node) -> Element:
    return h.form(method="post", action=page_path("runs", "actions"))[
        h.input(type="hidden", name="back", value=query.address()),
        # One page starts each rerun once, even if its form is sent twice.
        h.input(type="hidden", name="key", value=uuid4().hex),
        content,
    ]


def _button(action: str, label: str, sign: str) -> Element:
    return h.button(".small", type="submit", name="action", value=action, data_needs_chosen="")[
        icon(sign), label
    ]
