"""Draws the graph of Tasks as an HTML table, for screen readers."""

from __future__ import annotations

from collections.abc import Callable

import htpy as h
from htpy import Element

from polysync_core.application.dependencies.graph_view import DependencyEdge, Graph
from polysync_core.console.graph.lines import condition_words
from polysync_core.console.parts.status import status_badge
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import nothing
from polysync_core.domain.dependencies.conditions import DEFAULT_CONDITIONS


def graph_table(graph: Graph, link: Callable[[str], str]) -> Element:
    """Return the Tasks in topological order, each with its upstream and downstream Tasks."""
    before: dict[str, list[DependencyEdge]] = {}
    after: dict[str, list[DependencyEdge]] = {}
    for edge in graph.edges:
        before.setdefault(edge.downstream, []).append(edge)
        after.setdefault(edge.upstream, []).append(edge)
    rows = [
        h.tr[
            h.th(scope="row")[h.a(href=link(node.task))[node.task]],
            h.td[status_badge(node.last_run.status if node.last_run else None)],
            h.td[_list([_named(edge.upstream, edge) for edge in before.get(node.task, ())])],
            h.td[_list([_named(edge.downstream, edge) for edge in after.get(node.task, ())])],
        ]
        for node in graph.nodes
    ]
    return table("Tasks and their dependencies", ["Task", "Status", "Starts after", "Starts"], rows)


def _named(task: str, edge: DependencyEdge) -> str:
    if edge.conditions == DEFAULT_CONDITIONS:
        return task
    return f"{task} (if it {condition_words(edge.conditions)})"


def _list(names: list[str]) -> str | Element:
    return ", ".join(names) if names else nothing()
