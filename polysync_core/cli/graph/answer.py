"""The graph as the API answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from polysync_core.cli.json import JsonObject, Reader

ON_SUCCESS = "OnSuccess"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A task, how it went last and when it is due next."""

    task: str
    job: str
    enabled: bool
    status: str | None
    """The status of its last run; None where there is none."""
    finished_at: datetime | None
    next_fire_time: datetime | None

    @classmethod
    def decode(cls, answer: JsonObject) -> Node:
        """Read a node.

        Raises:
            UnexpectedAnswer: it is not one.
        """
        reader = Reader("the node", answer)
        last = Reader("the last run", reader.object("lastRun"))
        return cls(
            task=reader.text("task") or "?",
            job=reader.text("job") or "?",
            enabled=answer.get("enabled") is not False,
            status=last.text("status"),
            finished_at=last.time("finishedAt"),
            next_fire_time=reader.time("nextFireTime"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A dependency between two of the nodes."""

    upstream: str
    downstream: str
    condition: str

    @property
    def label(self) -> str:
        """What is worth saying of it: nothing where it waits for success, as most do."""
        return "" if self.condition == ON_SUCCESS else self.condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Tasks, each after those upstream of it, and the dependencies between them."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]

    @classmethod
    def decode(cls, answer: JsonObject) -> Graph:
        """Read a graph; an edge without both of its nodes is left out.

        Raises:
            UnexpectedAnswer: it is not one.
        """
        reader = Reader("the graph", answer)
        nodes = {node.task: node for node in map(Node.decode, reader.objects("nodes"))}
        edges = [
            edge
            for edge in map(_edge, reader.objects("edges"))
            if edge.upstream in nodes and edge.downstream in nodes
        ]
        return cls(nodes=[*nodes.values()], edges=edges)


def _edge(answer: JsonObject) -> Edge:
    reader = Reader("the edge", answer)
    return Edge(
        upstream=reader.text("from") or "?",
        downstream=reader.text("to") or "?",
        condition=reader.text("condition") or ON_SUCCESS,
    )
