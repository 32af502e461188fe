"""Shows the gate of a Task: the outcomes that it holds, and those that it awaits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import htpy as h
from fastapi import APIRouter, Request, Response
from htpy import Element, Node

from polysync_core.api.runs.gates import CurrentGates
from polysync_core.application.dependencies.gates import GateView
from polysync_core.console.icons import status_icon
from polysync_core.console.parts.cards import card, commands
from polysync_core.console.parts.notices import empty_state, notice
from polysync_core.console.parts.run_links import run_link, short_id
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import absolute_time, relative_time
from polysync_core.console.paths import page_path, task_path
from polysync_core.console.shell import page
from polysync_core.domain.definitions.tasks import Condition
from polysync_core.domain.dependencies.decisions import TokenGroup
from polysync_core.domain.dependencies.tokens import SCHEDULE, GateEdge, Token

_MAX_SHOWN = 100
"""The most groups on the page; the sentences say how many there are."""
_CONDITIONS = {
    Condition.ON_SUCCESS: "must succeed",
    Condition.ON_FAILURE: "must fail",
    Condition.ON_COMPLETION: "must end",
    Condition.ON_SKIPPED: "must be skipped",
}

router = APIRouter()


@router.get("/tasks/{name}/gate")
def gate_page(request: Request, name: str, gates: CurrentGates) -> Response:
    """Show for each graph run which outcomes have come, and which are awaited."""
    view, now = gates.view(name), gates.clock()
    crumbs = [("Tasks", page_path("tasks")), (name, task_path(name))]
    content = _gate(view, now) if view.edges else _no_gate(name)
    return page(request, f"Gate of {name}", content, section="tasks", crumbs=crumbs)


def _gate(view: GateView, now: datetime) -> Element:
    name = view.task.name
    return h.div(".with-aside")[
        h.div(".stack")[
            None
            if view.task.enabled
            else notice("warning", "The Task is disabled: its runs are recorded as Skipped."),
            card("What it awaits", h.div(".in")[[h.p[each] for each in view.sentences()]]),
            [_group(group, view.edges, now) for group in view.groups[:_MAX_SHOWN]],
        ],
        h.aside(".stack", aria_label="About the gate")[
            card("Starts after", h.ul(".in")[[h.li[_edge(edge)] for edge in view.edges]]),
            commands(f"polysync runs --task {name}", f"polysync graph --task {name}"),
        ],
    ]


def _group(group: TokenGroup, edges: Sequence[GateEdge], now: datetime) -> Element:
    """Return what one graph run, or several combined ones, have brought."""
    roots = dict.fromkeys(origin.run_id for token in group.tokens for origin in token.origins)
    sources = {token.edge: token for token in group.sources}
    title = ", ".join(short_id(root) for root in roots) or "fire time"
    rows = [_row(edge, sources.get(edge.upstream), group, now) for edge in edges]
    columns = ("Starts after", "Outcome", "Run", "Ended")
    links = [[" ", h.a(href=page_path("graph", graphRunId=root))["as a graph"]] for root in roots]
    return card(f"Graph run {title}", table(f"Gate of {title}", columns, rows), actions=links)


def _row(edge: GateEdge, token: Token | None, group: TokenGroup, now: datetime) -> Element:
    if token is None:
        waits = "awaited" if edge.upstream in group.awaits else "comes from other graph runs"
        return h.tr[h.td[_edge(edge)], h.td(".nothing")[waits], h.td, h.td]
    verdict = "meets the condition" if edge.is_met_by(token) else "does not meet the condition"
    outcome: Node = [status_icon(token.status), f" {token.status.value}", h.small[verdict]]
    source: Node = run_link(token.run_id) if token.fire is None else _fire(token)
    return h.tr[
        h.td[_edge(edge)],
        h.td[outcome],
        h.td[source],
        h.td[relative_time(token.finished_at, now=now)],
    ]


def _fire(token: Token) -> Node:
    fire = token.fire
    return None if fire is None else [f"{fire.schedule} ", absolute_time(fire.scheduled_time)]


def _edge(edge: GateEdge) -> Node:
    if edge.upstream == SCHEDULE:
        return "its own schedules"
    link = h.a(href=task_path(edge.upstream))[edge.upstream]
    return [link, " ", h.small[_CONDITIONS[edge.condition]]]


def _no_gate(name: str) -> Element:
    return empty_state(
        "The Task depends on no other Task, so it has no gate.",
        h.a(".button", href=task_path(name, tab="dependencies"))["Dependencies of the Task"],
    )
