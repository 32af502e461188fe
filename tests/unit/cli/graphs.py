"""Graphs in the form of the API's answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from polysync_core.cli.api.graph import GraphAnswer

ENDED = "2026-01-02T06:03:00.000Z"


def a_node(task: str, status: str | None = None, **facts: Any) -> dict[str, Any]:
    last = {"runId": "r-1", "status": status, "finishedAt": ENDED}
    node = {
        "task": task,
        "job": "sales-load",
        "platform": "lakehouse",
        "jobType": "DatabricksNotebook",
        "enabled": True,
        "schedules": 0,
        "lastRun": last if status else None,
        "nextFireTime": None,
    }
    return node | facts


def an_edge(upstream: str, downstream: str, condition: str = "OnSuccess") -> dict[str, Any]:
    return {"from": upstream, "to": downstream, "condition": condition, "mappings": []}


PIPELINE: dict[str, Any] = {
    "nodes": [
        a_node("landing", "Succeeded", nextFireTime="2026-01-03T06:00:00.000Z", schedules=1),
        a_node("bronze", "Failed"),
        a_node("rates", "Succeeded"),
        a_node("alert", "Succeeded"),
        a_node("gold", "Skipped"),
        a_node("retired", enabled=False),
    ],
    "edges": [
        an_edge("landing", "bronze"),
        an_edge("landing", "rates"),
        an_edge("bronze", "alert", "OnFailure"),
        an_edge("bronze", "gold"),
        an_edge("rates", "gold"),
    ],
}


def a_graph(names: Iterable[str], edges: Iterable[tuple[str, str]]) -> GraphAnswer:
    """Return a graph with these names and edges."""
    return GraphAnswer.decode(
        {"nodes": [a_node(name) for name in names], "edges": [an_edge(*edge) for edge in edges]}
    )
