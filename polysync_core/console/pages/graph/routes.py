"""Serves the HTML page of the graph of Tasks, with a side panel per Task."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import htpy as h
from fastapi import Depends, Query, Request, Response
from htpy import Element, Node

from polysync_core.api.runs.graph import CurrentOutlines, CurrentTaskGraphs
from polysync_core.api.runs.routes import CurrentTaskRuns
from polysync_core.api.use_cases import use_case
from polysync_core.application.dependencies.graph_outline import GraphOutlines
from polysync_core.application.dependencies.graph_run_comparison import GraphRunComparisons
from polysync_core.application.dependencies.graph_view import Graph, GraphTooLarge, TaskGraphs
from polysync_core.application.runs.run_lookup import find_run_id
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.console.graph.picture import PictureSettings, graph_picture, graph_view
from polysync_core.console.graph.table import graph_table
from polysync_core.console.live.graph_states import live_element
from polysync_core.console.pages.graph.comparison import comparison_section
from polysync_core.console.pages.graph.graph_values import (
    chosen_node,
    counts_text,
    layers_of,
    values_of,
)
from polysync_core.console.pages.graph.outline import outline_content
from polysync_core.console.pages.graph.query import AROUND, CurrentGraphQuery, GraphQuery
from polysync_core.console.pages.graph.side_panel import LAST_RUNS, Chosen, side_panel
from polysync_core.console.parts.cards import copy_button
from polysync_core.console.parts.live import live_button
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.paths import new_path, page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import fragment, has_role, page
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.security.roles import Role

MAX_BOXES = 250
"""A larger graph of all Tasks is shown as an overview, unless the whole picture is asked for."""
MAX_LAYERS = 60
"""A graph with more layers is shown as an overview."""
router = PageRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSources:
    """The use cases behind the pages of graphs."""

    graphs: TaskGraphs
    outlines: GraphOutlines
    comparisons: GraphRunComparisons
    runs: TaskRuns


def _sources(
    graphs: CurrentTaskGraphs,
    outlines: CurrentOutlines,
    comparisons: Annotated[GraphRunComparisons, Depends(use_case(GraphRunComparisons))],
    runs: CurrentTaskRuns,
) -> GraphSources:
    return GraphSources(graphs=graphs, outlines=outlines, comparisons=comparisons, runs=runs)


CurrentSources = Annotated[GraphSources, Depends(_sources)]


@router.get("/graph")
def graph_page(
    request: Request,
    query: CurrentGraphQuery,
    sources: CurrentSources,
    group: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Show the Tasks with their dependencies and newest runs."""
    if group:
        return _outline_page(request, sources, group)
    if not query.is_part and not query.whole and sources.outlines.has_more_than(MAX_BOXES):
        if query.task is None:
            return _outline_page(request, sources, None)
        query = query.with_hops(AROUND, query.task)
    try:
        graph = query.read(sources.graphs, sources.outlines)
    except GraphTooLarge:
        if query.is_part:
            raise
        return _outline_page(request, sources, None)
    if not query.is_part and layers_of(graph) > MAX_LAYERS:
        return _outline_page(request, sources, None)
    if not graph.nodes:
        return page(request, "Graph", _nothing(), section="graph")
    return _picture_page(request, graph, query, sources)


@router.get("/part/graph")
def graph_side(request: Request, query: CurrentGraphQuery, sources: CurrentSources) -> Response:
    """Return the panel of the chosen Task, for the script of the graph."""
    graph = query.read(sources.graphs, sources.outlines)
    return fragment(_side(request, graph, query, sources))


def _picture_page(
    request: Request, graph: Graph, query: GraphQuery, sources: GraphSources
) -> Response:
    now = datetime.now(UTC)
    picture = graph_picture(
        graph,
        now=now,
        focus=chosen_node(graph, query).task,
        values=values_of(graph, sources.graphs.runs),
        settings=_settings(query),
    )
    return page(
        request,
        query.title,
        graph_view(picture, _side(request, graph, query, sources), layout=query.layout),
        live_element(query, graph, now),
        _comparison(query, sources),
        h.details(".graph-table")[
            h.summary["The graph as a table"],
            graph_table(graph, lambda task: query.address(task=task)),
        ],
        section="graph",
        crumbs=[("Graph", page_path("graph"))] if query.is_part else [],
        beside=h.span(".nothing")[counts_text(graph.nodes)],
        actions=[
            live_button(),
            copy_button(_command(query), label="Command"),
            _compare_link(query),
        ],
        scripts=["graph.js"],
    )


def _outline_page(request: Request, sources: GraphSources, group: str | None) -> Response:
    outline = sources.outlines.outline()
    return page(
        request,
        "Graph",
        outline_content(outline, group),
        section="graph",
        beside=h.span(".nothing")[f"overview of {outline.total} Tasks"],
        scripts=["graph.js"],
    )


def _comparison(query: GraphQuery, sources: GraphSources) -> Node:
    if not query.compare or query.graph_run_id is None:
        return None
    root = find_run_id(sources.graphs.runs, query.graph_run_id)
    return comparison_section(sources.comparisons.with_previous(root))


def _command(query: GraphQuery) -> str:
    """Return the command that writes the same picture to a file."""
    if query.graph_run_id is not None:
        return f"polysync graph --graph-run {query.graph_run_id} --output graph.svg"
    if query.tag is not None:
        return f"polysync graph --tag {shlex.quote(query.tag)} --output graph.svg"
    if query.is_part:
        return f"polysync graph {query.task} --hops {query.hops} --output graph.svg"
    return "polysync graph --output graph.svg"


def _compare_link(query: GraphQuery) -> Node:
    if query.graph_run_id is None:
        return None
    address = query.with_comparison().address()
    return h.a(".button", href=f"{address}#comparison")["Compare with the one before"]


def _side(request: Request, graph: Graph, query: GraphQuery, sources: GraphSources) -> Element:
    node = chosen_node(graph, query)
    chosen = Chosen(
        node=node,
        runs=_runs_of(node.task, query, sources.runs),
        may_run=has_role(request, Role.OPERATOR),
    )
    return side_panel(graph, chosen, query, datetime.now(UTC))


def _runs_of(task: str, query: GraphQuery, runs: TaskRuns) -> Sequence[TaskRun]:
    root = None if query.graph_run_id is None else find_run_id(runs.runs, query.graph_run_id)
    return runs.page(Listing(task=task, graph_run_id=root, limit=LAST_RUNS)).items


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


def _nothing() -> Element:
    return empty_state(
        "There are no Tasks yet.",
        h.a(".button.primary", href=new_path("tasks"))["New Task"],
        command="polysync apply definitions.yaml",
    )
