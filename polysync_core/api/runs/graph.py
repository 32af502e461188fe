"""Serves the route that returns the graph of Tasks and dependencies."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from polysync_core.api.views import time_view
from polysync_core.application.dependencies.graph_view import DependencyEdge, Node, TaskGraphs
from polysync_core.domain.runs.identity import parse_run_id


def graph_routes(graphs: TaskGraphs) -> APIRouter:
    """Return the route of the Task graph."""
    routes = APIRouter(tags=["Graph"])

    @routes.get("/graph")
    def get_graph(
        task: Annotated[
            str | None, Query(description="Only this Task, its ancestors and descendants.")
        ] = None,
        graph_run_id: Annotated[
            str | None,
            Query(alias="graphRunId", description="Only this graph run, with its runs' statuses."),
        ] = None,
    ) -> dict[str, Any]:
        """Show Tasks and dependencies, with each Task's last run and next fire time."""
        if graph_run_id is None:
            graph = graphs.of_tasks(task)
        else:
            graph = graphs.of_graph_run(parse_run_id(graph_run_id), task)
        return {
            "nodes": [_node_view(node) for node in graph.nodes],
            "edges": [_edge_view(edge) for edge in graph.edges],
        }

    return routes


def _node_view(node: Node) -> dict[str, Any]:
    run = node.last_run
    return {
        "task": node.task,
        "job": node.job,
        "platform": node.platform,
        "jobType": node.job_type,
        "enabled": node.enabled,
        "schedules": node.schedules,
        "lastRun": run
        and {
            "runId": run.run_id,
            "status": run.status,
            "finishedAt": time_view(run.finished_at),
        },
        "nextFireTime": time_view(node.next_fire_time),
    }


def _edge_view(edge: DependencyEdge) -> dict[str, Any]:
    return {
        "from": edge.upstream,
        "to": edge.downstream,
        "condition": edge.condition,
        "mappings": [{"output": each.output, "input": each.input} for each in edge.mappings],
    }
