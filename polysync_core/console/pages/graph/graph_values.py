"""Reads the data of the graph page: selected Task, passed output values and totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from polysync_core.application.dependencies.graph_view import Graph, Node
from polysync_core.application.ports import RunReader
from polysync_core.console.graph.boxes import STATUS_WORDS
from polysync_core.console.graph.lines import Values
from polysync_core.console.pages.graph.query import GraphQuery
from polysync_core.domain.runs.status import RunStatus

_MAX_VALUES = 100
"""The maximum number of upstream runs whose outputs are read for the lines."""
_FIRST = (RunStatus.FAILED, RunStatus.RUNNING, RunStatus.QUEUED)
"""The statuses that choose a Task on their own, the most urgent first."""


def chosen_node(graph: Graph, query: GraphQuery) -> Node:
    """Return the node that the query names, or else the one that needs attention most."""
    by_task = {node.task: node for node in graph.nodes}
    if query.task in by_task:
        return by_task[query.task]
    for status in _FIRST:
        for node in graph.nodes:
            if node.last_run is not None and node.last_run.status is status:
                return node
    return graph.nodes[0]


def values_of(graph: Graph, runs: RunReader) -> Values:
    """Return the outputs of the newest upstream runs that the dependencies pass on."""
    wanted = {edge.upstream for edge in graph.edges if edge.mappings}
    ids = [
        node.last_run.run_id
        for node in graph.nodes
        if node.task in wanted
        and node.last_run is not None
        and node.last_run.status is RunStatus.SUCCEEDED
    ]
    found = [stored.run for stored in runs.get_many(ids[:_MAX_VALUES])]
    return {
        (run.task, name): value
        for run in found
        if run.task is not None
        for name, value in run.outputs.items()
    }


def counts_text(nodes: Sequence[Node]) -> str:
    """Return the number of Tasks, in all and by status."""
    counts = Counter(node.last_run.status if node.last_run else None for node in nodes)
    shown = [f"{counts[status]} {STATUS_WORDS[status]}" for status in RunStatus if counts[status]]
    return " · ".join([f"{len(nodes)} {'task' if len(nodes) == 1 else 'tasks'}", *shown])


def layers_of(graph: Graph) -> int:
    """Return the number of layers; the nodes are sorted topologically."""
    upstream: dict[str, list[str]] = {}
    for edge in graph.edges:
        upstream.setdefault(edge.downstream, []).append(edge.upstream)
    depth: dict[str, int] = {}
    for node in graph.nodes:
        before = (depth.get(each, 0) for each in upstream.get(node.task, ()))
        depth[node.task] = 1 + max(before, default=0)
    return max(depth.values(), default=0)
