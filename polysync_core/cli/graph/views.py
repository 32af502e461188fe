"""The graph on the screen: as a tree, or as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from polysync_core.cli.graph.answer import Edge, Graph, Node
from polysync_core.cli.graph.words import NEVER, outlook
from polysync_core.cli.terminal import readable
from polysync_core.cli.units import ABSENT, written_time
from polysync_core.cli.views import status_text, table_of

_DEEPEST = 16
"""Further down there is no room on a screen: what follows begins a tree of its own."""


def tree_view(graph: Graph) -> list[RenderableType]:
    """Return a tree for each task that waits for no other.

    A task with several upstreams is shown with all that follows it where it is met first, and
    named again, without that, wherever else it belongs.
    """
    return [*_Trees(graph).grown()]


def table_view(graph: Graph) -> Table:
    """Return a line for each task, those that come first at the top."""
    table = table_of("Task", "Job", "Last run", "Finished", "Next", "Waits for")
    for node in graph.nodes:
        waits = [
            f"{edge.upstream} ({edge.label})" if edge.label else edge.upstream
            for edge in graph.edges
            if edge.downstream == node.task
        ]
        table.add_row(
            Text(readable(node.task)),
            Text(readable(node.job)),
            _status(node),
            written_time(node.finished_at),
            written_time(node.next_fire_time) if node.enabled else Text("disabled", style="dim"),
            Text(readable(", ".join(waits)) or ABSENT),
        )
    return table


class _Trees:
    def __init__(self, graph: Graph) -> None:
        self._nodes: Mapping[str, Node] = {node.task: node for node in graph.nodes}
        self._below: dict[str, list[Edge]] = {name: [] for name in self._nodes}
        for edge in graph.edges:
            self._below[edge.upstream].append(edge)
        fed = {edge.downstream for edge in graph.edges}
        # Nodes come in the order of the graph: what only a cycle leads to is met at the end.
        self._roots = [name for name in self._nodes if name not in fed]
        self._seen: set[str] = set()

    def grown(self) -> Sequence[Tree]:
        trees: list[Tree] = []
        pending = [*self._roots, *self._nodes]
        while pending:
            name = pending.pop(0)
            if name not in self._seen:
                self._seen.add(name)
                tree = Tree(self._label(name), guide_style="dim")
                pending = [*self._grow(tree, name), *pending]
                trees.append(tree)
        return trees

    def _grow(self, tree: Tree, root: str) -> list[str]:
        """Let a tree grow without recursion; return what is too far down for it."""
        left_over: list[str] = []
        pending = [(tree, edge, 1) for edge in reversed(self._below[root])]
        while pending:
            branch, edge, depth = pending.pop()
            name = edge.downstream
            if name in self._seen or depth > _DEEPEST:
                branch.add(self._mention(edge))
                if name not in self._seen:
                    left_over.append(name)
                continue
            self._seen.add(name)
            grown = branch.add(self._label(name, edge))
            pending += [(grown, each, depth + 1) for each in reversed(self._below[name])]
        return left_over

    def _label(self, name: str, edge: Edge | None = None) -> Text:
        node = self._nodes[name]
        label = _condition(edge)
        label.append(readable(name), style="bold" if node.enabled else "dim")
        label.append("  ").append(_status(node))
        if node.finished_at:
            label.append(f"  {written_time(node.finished_at)}", style="dim")
        if to_come := outlook(node):
            label.append(f"  {to_come}", style="dim")
        return label

    def _mention(self, edge: Edge) -> Text:
        where = "above" if edge.downstream in self._seen else "below"
        return _condition(edge).append(f"{readable(edge.downstream)} (see {where})", style="dim")


def _condition(edge: Edge | None) -> Text:
    return Text(f"[{readable(edge.label)}] " if edge and edge.label else "", style="yellow")


def _status(node: Node) -> Text:
    return status_text(node.status) if node.status else Text(NEVER, style="dim")
