"""Serves the graph of Tasks, the panel beside it, and its states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import htpy as h
from fastapi import APIRouter, Request, Response
from htpy import Element

from polysync_core.api.runs.graph import CurrentTaskGraphs
from polysync_core.api.runs.routes import CurrentTaskRuns
from polysync_core.application.dependencies.graph_view import Graph, TaskGraphs
from polysync_core.application.dependencies.graph_view import Node as GraphNode
from polysync_core.application.runs.run_lookup import find_run_id
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.console.graph.boxes import STATUS_WORDS
from polysync_core.console.graph.lines import Values
from polysync_core.console.graph.picture import PictureSettings, graph_picture, graph_view
from polysync_core.console.graph.table import graph_table
from polysync_core.console.live.graph_states import live_element
from polysync_core.console.pages.graph.query import CurrentGraphQuery, GraphQuery
from polysync_core.console.pages.graph.side import LAST_RUNS, Chosen, side_panel
from polysync_core.console.parts.live import live_button
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.paths import page_path
from polysync_core.console.shell import fragment, has_role, page
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.status import RunStatus
from polysync_core.domain.security.roles import Role

_MAX_VALUES = 100
"""The most upstream runs whose outputs are read for the lines."""
_FIRST = (RunStatus.FAILED, RunStatus.RUNNING, RunStatus.QUEUED)
"""The statuses that choose a Task on their own, the most urgent first."""

router = APIRouter()


@router.get("/graph")
def graph_page(
    request: Request, query: CurrentGraphQuery, graphs: CurrentTaskGraphs, runs: CurrentTaskRuns
) -> Response:
    """Show Tasks and what starts what, with the newest run of each Task."""
    graph = query.read(graphs)
    title = "Graph" if query.graph_run_id is None else f"Graph run {query.graph_run_id[:8]}"
    if not graph.nodes:
        return page(request, title, _nothing(), section="graph")
    chosen = _chosen(graph, query)
    now = datetime.now(UTC)
    picture = graph_picture(
        graph,
        now=now,
        focus=chosen.task,
        values=_values(graph, graphs),
        settings=_settings(query),
    )
    side = _side(request, graph, chosen, query, runs)
    return page(
        request,
        title,
        graph_view(picture, side, layout=query.layout),
        live_element(query, graph, now),
        h.details(".graph-table")[
            h.summary["The graph as a table"],
            graph_table(graph, lambda task: query.address(task=task)),
        ],
        section="graph",
        crumbs=[("Graph", page_path("graph"))] if query.graph_run_id else [],
        beside=h.span(".nothing")[_counts(graph.nodes)],
        actions=live_button(),
        scripts=["graph.js"],
    )


@router.get("/part/graph")
def graph_side(
    request: Request, query: CurrentGraphQuery, graphs: CurrentTaskGraphs, runs: CurrentTaskRuns
) -> Response:
    """Return the panel of the chosen Task, for the script of the graph."""
    graph = query.read(graphs)
    return fragment(_side(request, graph, _chosen(graph, query), query, runs))


def _side(
    request: Request, graph: Graph, node: GraphNode, query: GraphQuery, runs: TaskRuns
) -> Element:
    now = datetime.now(UTC)
    chosen = Chosen(
        node=node,
        runs=_runs_of(node.task, query, runs),
        may_run=has_role(request, Role.OPERATOR),
    )
    return side_panel(graph, chosen, query, now)


def _runs_of(task: str, query: GraphQuery, runs: TaskRuns) -> Sequence[TaskRun]:
    root = None if query.graph_run_id is None else find_run_id(runs.runs, query.graph_run_id)
    return runs.page(Listing(task=task, graph_run_id=root, limit=LAST_RUNS)).items


def _chosen(graph: Graph, query: GraphQuery) -> GraphNode:
    """Return the node that the query names, or else the one that needs attention most."""
    by_task = {node.task: node for node in graph.nodes}
    if query.task in by_task:
        return by_task[query.task]
    for status in _FIRST:
        for node in graph.nodes:
            if node.last_run is not None and node.last_run.status is status:
                return node
    return graph.nodes[0]


def _values(graph: Graph, graphs: TaskGraphs) -> Values:
    """Return the outputs of the newest upstream runs that the dependencies pass on."""
    wanted = {edge.upstream for edge in graph.edges if edge.mappings}
    ids = [
        node.last_run.run_id
        for node in graph.nodes
        if node.task in wanted
        and node.last_run is not None
        and node.last_run.status is RunStatus.SUCCEEDED
    ]
    found = [stored.run for stored in graphs.runs.get_many(ids[:_MAX_VALUES])]
    return {
        (run.task, name): value
        for run in found
        if run.task is not None
        for name, value in run.outputs.items()
    }


def _settings(query: GraphQuery) -> PictureSettings:
    return PictureSettings(
        link=lambda task: query.address(task=task),
        layouts={
            "split": query.with_layout("split").address(),
            "stacked": query.with_layout("stacked").address(),
        },
        layout=query.layout,
        peek=page_path("part", "graph", **query.kept),
        search=query.kept,
    )


def _counts(nodes: Sequence[GraphNode]) -> str:
    counts = Counter(node.last_run.status if node.last_run else None for node in nodes)
    shown = [f"{counts[status]} {STATUS_WORDS[status]}" for status in RunStatus if counts[status]]
    return " · ".join([f"{len(nodes)} {'task' if len(nodes) == 1 else 'tasks'}", *shown])


def _nothing() -> Element:
    return empty_state(
        "There are no Tasks yet.",
        h.a(".button.primary", href=page_path("tasks", "new"))["New Task"],
        command="polysync apply definitions.yaml",
    )
