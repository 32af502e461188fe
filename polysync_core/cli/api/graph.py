"""Decodes the JSON graph of Tasks and dependencies from the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from polysync_core.cli.api.reader import Reader
from polysync_core.domain.json_types import JsonObject

ON_SUCCESS = "OnSuccess"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A task with its last run and its next fire time."""

    task: str
    job: str
    enabled: bool
    schedules: int
    paused_schedules: int
    disabled_schedules: int
    is_broken: bool
    """True if the stored definition breaks a rule of this version."""
    status: str | None
    """The status of the last run; None if the task has not run."""
    finished_at: datetime | None
    next_fire_time: datetime | None

    @classmethod
    def decode(cls, answer: JsonObject) -> GraphNode:
        """Decode a node.

        Raises:
            MalformedAnswer: the answer is malformed.
        """
        reader = Reader("the node", answer)
        last = Reader("the last run", reader.object("lastRun"))
        return cls(
            task=reader.text("task") or "?",
            job=reader.text("job") or "?",
            enabled=answer.get("enabled") is not False,
            schedules=reader.number("schedules"),
            paused_schedules=reader.number("pausedSchedules"),
            disabled_schedules=reader.number("disabledSchedules"),
            is_broken="broken" in answer,
            status=last.text("status"),
            finished_at=last.time("finishedAt"),
            next_fire_time=reader.time("nextFireTime"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEdge:
    """A dependency between two nodes."""

    upstream: str
    downstream: str
    condition: str
    when: str | None = None

    @property
    def label(self) -> str:
        """Return the conditions, or nothing for `OnSuccess` alone, which is the common case."""
        condition = "" if self.condition == ON_SUCCESS else self.condition
        return " and ".join(filter(None, [condition, self.when]))


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphAnswer:
    """Tasks, each after its upstream tasks, and the dependencies between them."""

    nodes: Sequence[GraphNode]
    edges: Sequence[GraphEdge]

    @classmethod
    def decode(cls, answer: JsonObject) -> GraphAnswer:
        """Decode a graph; an edge is dropped if one of its nodes is missing.

        Raises:
            MalformedAnswer: the answer is malformed.
        """
        reader = Reader("the graph", answer)
        nodes = {node.task: node for node in map(GraphNode.decode, reader.objects("nodes"))}
        edges = [
            edge
            for edge in map(_edge, reader.objects("edges"))
            if edge.upstream in nodes and edge.downstream in nodes
        ]
        return cls(nodes=[*nodes.values()], edges=edges)


def _edge(answer: JsonObject) -> GraphEdge:
    reader = Reader("the edge", answer)
    return GraphEdge(
        upstream=reader.text("from") or "?",
        downstream=reader.text("to") or "?",
        condition=reader.alternatives("condition") or ON_SUCCESS,
        when=reader.text("when"),
    )
