"""Serves the route that shows the gate of a Task."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from polysync_core.api.views import time_view
from polysync_core.application.dependencies.gates import Gates, GateView
from polysync_core.domain.dependencies.decisions import TokenGroup
from polysync_core.domain.dependencies.tokens import GateEdge, Token

_MAX_SHOWN = 100
"""The most tokens of an edge, and groups, in an answer. The counts are complete."""


def gate_routes(gates: Gates) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["tasks"])

    @routes.get("/tasks/{name}/gate")
    def get_gate(name: str) -> dict[str, Any]:
        """Show the outcomes that a Task holds and those that it awaits before it runs."""
        return _gate_view(gates.view(name))

    return routes


def _gate_view(view: GateView) -> dict[str, Any]:
    held = [token for group in view.groups for token in group.tokens]
    return {
        "task": view.task.name,
        "enabled": view.task.enabled,
        "edges": [
            _edge_view(edge, [token for token in held if token.edge == edge.upstream])
            for edge in view.edges
        ],
        "groupCount": len(view.groups),
        "groups": [_group_view(group) for group in view.groups[:_MAX_SHOWN]],
        "sentences": list(view.sentences()),
    }


def _edge_view(edge: GateEdge, held: list[Token]) -> dict[str, Any]:
    return {
        "upstream": edge.upstream,
        "condition": edge.condition,
        "held": len(held),
        "tokens": [_token_view(token, edge) for token in held[:_MAX_SHOWN]],
    }


def _token_view(token: Token, edge: GateEdge) -> dict[str, Any]:
    return {
        "runId": None if token.fire is not None else token.run_id,
        "graphRunId": None if token.fire is not None else token.graph_run_id,
        "schedule": token.fire and token.fire.schedule,
        "scheduledTime": time_view(token.fire and token.fire.scheduled_time),
        "status": token.status,
        "met": edge.is_met_by(token),
        "finishedAt": time_view(token.finished_at),
    }


def _group_view(group: TokenGroup) -> dict[str, Any]:
    roots = dict.fromkeys(origin.run_id for token in group.tokens for origin in token.origins)
    return {
        "graphRunIds": list(roots),
        "has": [token.edge for token in group.sources],
        "awaits": list(group.awaits),
        "awaitsFromOtherGraphRuns": [] if group.awaits else list(group.lacks),
    }
