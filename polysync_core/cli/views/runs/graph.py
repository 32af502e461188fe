"""Builds the terminal tree or table of Tasks and their dependencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from polysync_core.cli.api.graph import GraphAnswer, GraphEdge, GraphNode
from polysync_core.cli.graph.labels import NO_RUN, next_fire, stopped_schedules
from polysync_core.cli.layout.fitted_table import FittedTable, Moment
from polysync_core.cli.layout.formats import format_time
from polysync_core.cli.layout.status_colours import status_cell
from polysync_core.cli.layout.tables import name_column, new_table, text_column, whole_column
from polysync_core.cli.terminal import printable

_MAX_DEPTH = 16
"""A screen has no room for more levels; deeper tasks begin a new tree."""


def tree_view(graph: GraphAnswer) -> list[RenderableType]:
    """Return a tree for each task without upstream tasks.

    A task with several upstream tasks is shown with its downstream tasks only once. Elsewhere it is
    only named.
    """
    return [*_TreeBuilder(graph).build()]


def table_view(graph: GraphAnswer) -> FittedTable:
    """Return a table with a line for each task, upstream tasks first."""
    table = new_table(
        name_column("Task"),
        name_column("Job", drop=3),
        whole_column("Last run"),
        whole_column("Finished", drop=2),
        whole_column("Next", drop=1),
        text_column("Waits for"),
    )
    for node in graph.nodes:
        waits = [
            f"{edge.upstream} ({edge.label})" if edge.label else edge.upstream
            for edge in graph.edges
            if edge.downstream == node.task
        ]
        table.add(
            node.task,
            node.job,
            _status(node),
            Moment(node.finished_at),
            _next(node),
            ", ".join(waits),
        )
    return table


class _TreeBuilder:
    def __init__(self, graph: GraphAnswer) -> None:
        self._nodes: Mapping[str, GraphNode] = {node.task: node for node in graph.nodes}
        self._below: dict[str, list[GraphEdge]] = {name: [] for name in self._nodes}
        for edge in graph.edges:
            self._below[edge.upstream].append(edge)
        has_upstream = {edge.downstream for edge in graph.edges}
        # A node that only a cycle reaches is not a root; `build` adds it at the end.
        self._roots = [name for name in self._nodes if name not in has_upstream]
        self._seen: set[str] = set()

    def build(self) -> Sequence[Tree]:
        trees: list[Tree] = []
        pending = [*self._roots, *self._nodes]
        while pending:
            name = pending.pop(0)
            if name not in self._seen:
                self._seen.add(name)
                tree = Tree(self._label(name), guide_style="dim")
                pending = [*self._add_branches(tree, name), *pending]
                trees.append(tree)
        return trees

    def _add_branches(self, tree: Tree, root: str) -> list[str]:
        """Add the downstream tasks without recursion; return the tasks that are too deep."""
        too_deep: list[str] = []
        pending = [(tree, edge, 1) for edge in reversed(self._below[root])]
        while pending:
            branch, edge, depth = pending.pop()
            name = edge.downstream
            if name in self._seen or depth > _MAX_DEPTH:
                branch.add(self._mention(edge))
                if name not in self._seen:
                    too_deep.append(name)
                continue
            self._seen.add(name)
            added = branch.add(self._label(name, edge))
            pending += [(added, each, depth + 1) for each in reversed(self._below[name])]
        return too_deep

    def _label(self, name: str, edge: GraphEdge | None = None) -> Text:
        node = self._nodes[name]
        label = _condition(edge)
        label.append(printable(name), style="bold" if node.enabled else "dim")
        label.append("  ").append(_status(node))
        if node.finished_at:
            label.append(f"  {format_time(node.finished_at)}", style="dim")
        if upcoming := next_fire(node):
            label.append(f"  {upcoming}", style="dim")
        return label

    def _mention(self, edge: GraphEdge) -> Text:
        where = "above" if edge.downstream in self._seen else "below"
        return _condition(edge).append(f"{printable(edge.downstream)} (see {where})", style="dim")


def _condition(edge: GraphEdge | None) -> Text:
    return Text(f"[{printable(edge.label)}] " if edge and edge.label else "", style="yellow")


def _next(node: GraphNode) -> Moment | Text:
    if node.enabled and not stopped_schedules(node):
        return Moment(node.next_fire_time)
    return Text(next_fire(node), style="dim")


def _status(node: GraphNode) -> Text:
    return status_cell(node.status) if node.status else Text(NO_RUN, style="dim")
