"""Draws a Task's deadlines in its editor: form fields, next deadlines and last results."""

from __future__ import annotations

from collections.abc import Iterator

import htpy as h
from htpy import Element, Node

from polysync_core.application.deadlines.status import DeadlineStatus, TaskDeadlines
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.forms.rows import form_fields
from polysync_core.console.pages.tasks.editor.draft_context import now, used
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.deadlines import CAUSES, KINDS
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import absolute_time, nothing, relative_time
from polysync_core.console.paths import run_path
from polysync_core.domain.deadlines.state import DeadlineResult

_COLUMNS = ("Deadline", "Kind", "Result", "Recovered")


def deadline_fields(state: EditorPage) -> Node:
    """Return the fields of the expectation."""
    return [h.h3["Deadlines"], form_fields(state.view, "expect")]


def deadlines_card(state: EditorPage) -> Node:
    """Return the card of the next deadlines and the last results; None without deadlines."""
    if state.name is None:
        return None
    status = used(state, TaskDeadlines).of(state.name)
    rows = [*_next(state, status), *(_result(each) for each in status.results)]
    return card("Deadlines", table("Deadlines", _COLUMNS, rows), note="as saved") if rows else None


def _next(state: EditorPage, status: DeadlineStatus) -> Iterator[Element]:
    for each in reversed(status.upcoming):
        yield h.tr[
            h.th(scope="row")[relative_time(each.at, now=now(state))],
            h.td[KINDS[each.kind]],
            h.td["Next"],
            h.td[nothing()],
        ]


def _result(result: DeadlineResult) -> Element:
    miss = result.miss
    recovered = nothing() if result.recovered_at is None else absolute_time(result.recovered_at)
    return h.tr[
        h.th(scope="row")[absolute_time(result.at)],
        h.td[KINDS[result.kind]],
        h.td[h.span(".badge.success")["Met"] if miss is None else _missed(result)],
        h.td[recovered],
    ]


def _missed(result: DeadlineResult) -> Node:
    miss = result.miss
    if miss is None:
        return None
    text = miss.reason
    return [
        h.span(".badge.warning")[CAUSES[miss.cause]],
        " ",
        h.span(".break")[text if miss.run_id is None else h.a(href=run_path(miss.run_id))[text]],
    ]
