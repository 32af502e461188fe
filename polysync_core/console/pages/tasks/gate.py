"""Serves the HTML page of a Task's dependency gate: received and awaited outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import htpy as h
from fastapi import Request, Response
from htpy import Element, Node

from polysync_core.api.runs.gates import CurrentGates
from polysync_core.application.dependencies.gates import GateView
from polysync_core.console.editing.frame import tab_bar
from polysync_core.console.graph.lines import condition_words
from polysync_core.console.pages.tasks.editor.definition import TASKS
from polysync_core.console.parts.cards import card, commands
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.parts.status import status_badge
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import absolute_time, nothing
from polysync_core.console.paths import page_path, run_path, task_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page
from polysync_core.domain.dependencies.decisions import TokenGroup, edge_text
from polysync_core.domain.dependencies.tokens import SCHEDULE, GateEdge, Token
from polysync_core.domain.dependencies.windows import Window, window_sentence

router = PageRouter()

_MAX_GROUPS = 50
_MAX_TOKENS = 20
_EDGE_COLUMNS = ("Starts after", "Condition", "Outcomes that wait")
_TOKEN_COLUMNS = ("Of", "Outcome", "Ended", "Meets its condition")


@router.get("/tasks/{name}/gate")
def gate_page(request: Request, name: str, gates: CurrentGates) -> Response:
    """Show the outcomes that a Task with dependencies holds and still awaits."""
    view = gates.view(name)
    return page(
        request,
        f"Gate of {name}",
        tab_bar(TASKS, name, "Gate"),
        h.div(".stack")[_content(view) if view.edges else _without(name)],
        section="tasks",
        crumbs=[("Tasks", page_path("tasks")), (name, task_path(name))],
    )


def _without(name: str) -> Element:
    return empty_state(
        "The task has no dependencies, so it waits for no other task.",
        h.a(".button", href=task_path(name, tab="dependencies"))["Add a dependency"],
    )


def _content(view: GateView) -> Node:
    held = [token for group in view.groups for token in group.tokens]
    return [
        h.div(".in")[[h.p[sentence] for sentence in view.sentences()]],
        h.div(".card")[
            table("Inputs of the gate", _EDGE_COLUMNS, [_edge(each, held) for each in view.edges])
        ],
        [_group(view, group, number) for number, group in enumerate(view.groups[:_MAX_GROUPS], 1)],
        commands(f"polysync show @{view.task.name}"),
    ]


def _edge(edge: GateEdge, held: Sequence[Token]) -> Element:
    count = sum(token.edge == edge.upstream for token in held)
    return h.tr[
        h.th(scope="row")[_source(edge.upstream)],
        h.td[f"if it {condition_words(edge.conditions)}", edge.when and f" and {edge.when}"],
        h.td[str(count)],
    ]


def _group(view: GateView, group: TokenGroup, number: int) -> Element:
    conditions = {edge.upstream: edge for edge in view.edges}
    awaited = [*group.awaits, *(() if group.awaits else group.lacks)]
    rows = [_token(each, conditions[each.edge]) for each in group.sources[:_MAX_TOKENS]]
    return card(
        f"Waiting outcomes, group {number}",
        table(f"Waiting outcomes of group {number}", _TOKEN_COLUMNS, rows),
        awaited
        and h.p(".in")["Still awaited: ", ", ".join(edge_text(each) for each in awaited), "."],
        [_window(each) for each in group.windows],
    )


def _window(window: Window) -> Node:
    """Return the outcomes of a window, and the fire times that are awaited."""
    return [
        h.p(".in")[window_sentence(window)],
        h.ul(".in")[
            [
                h.li[
                    absolute_time(each.scheduled_time),
                    " ",
                    h.a(href=run_path(each.run_id))[status_badge(each.status)],
                ]
                for each in window.outcomes[-_MAX_TOKENS:]
            ],
            [h.li[absolute_time(each), " awaited"] for each in window.awaited[:_MAX_TOKENS]],
        ],
    ]


def _token(token: Token, edge: GateEdge) -> Element:
    return h.tr[
        h.th(scope="row")[_source(token.edge)],
        h.td[
            nothing()
            if token.fire is not None
            else h.a(href=run_path(token.run_id))[status_badge(token.status)]
        ],
        h.td[absolute_time(token.finished_at)],
        h.td["yes" if edge.is_met_by(token) else "no"],
    ]


def _source(edge: str) -> Node:
    if edge == SCHEDULE:
        return "its own schedule"
    return h.a(href=task_path(edge, tab="dependencies"))[edge]
