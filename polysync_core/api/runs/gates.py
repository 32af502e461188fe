"""Serves the API route that shows a Task's dependency gate: received and awaited outcomes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from polysync_core.api.models import RunIdText, Time, View
from polysync_core.api.use_cases import use_case
from polysync_core.application.dependencies.gates import Gates, GateView
from polysync_core.domain.definitions.tasks import Take
from polysync_core.domain.dependencies.conditions import Conditions
from polysync_core.domain.dependencies.decisions import TokenGroup
from polysync_core.domain.dependencies.tokens import GateEdge, Token
from polysync_core.domain.dependencies.windows import Window
from polysync_core.domain.runs.status import RunStatus

_MAX_SHOWN = 100
"""The maximum number of tokens per edge, and of groups, in one answer; counts are complete."""


class TokenView(View):
    """An outcome of an upstream Task, or a fire time, that waits in a gate."""

    run_id: RunIdText | None
    """The upstream run; null for a fire time."""
    graph_run_id: RunIdText | None
    """The graph run of the upstream run; null for a fire time."""
    schedule: str | None
    """The schedule of a fire time."""
    scheduled_time: Time | None
    """The fire time."""
    status: RunStatus
    """The outcome."""
    met: bool
    """True if the outcome meets the condition of the edge."""
    finished_at: Time
    """The time at which the upstream run ended."""


class GateEdgeView(View):
    """An input of a gate."""

    upstream: str
    """The upstream Task, or `@schedule` for the Task's own schedules."""
    condition: Conditions
    """The required outcome, or a list of outcomes of which one is required."""
    when: str | None
    """The expression over the outputs of the upstream run that must be true."""
    take: Take
    """The outcomes that the edge uses."""
    held: int
    """The number of tokens."""
    tokens: list[TokenView]
    """The first 100 tokens."""


class WindowOutcomeView(View):
    """The outcome of one fire time in a window."""

    scheduled_time: Time
    """The fire time of the upstream."""
    run_id: RunIdText
    """The newest run of the fire time."""
    status: RunStatus
    """The outcome."""


class WindowView(View):
    """The fire times of an upstream whose outcomes a fire time of the Task needs."""

    upstream: str
    """The upstream Task."""
    after: Time
    """The begin of the interval, exclusive: the fire time before."""
    until: Time
    """The end of the interval, inclusive: the fire time."""
    outcomes: list[WindowOutcomeView]
    """The outcomes that exist, oldest fire time first."""
    awaited: list[Time]
    """The fire times without an outcome."""


class TokenGroupView(View):
    """Tokens that would start one run together."""

    graph_run_ids: list[RunIdText]
    """The graph runs of the tokens."""
    has: list[str]
    """The edges that have a token."""
    awaits: list[str]
    """The edges whose token comes from the same graph runs."""
    awaits_from_other_graph_runs: list[str]
    """The edges whose token comes from other graph runs."""
    windows: list[WindowView]
    """The windows of a fire time; empty for other groups, and beyond the first 20 groups."""


class TaskGateView(View):
    """The gate of a Task: the outcomes that it holds and awaits."""

    task: str
    """The Task."""
    enabled: bool
    """False if the Task is switched off."""
    edges: list[GateEdgeView]
    """The inputs of the gate."""
    group_count: int
    """The number of groups."""
    groups: list[TokenGroupView]
    """The first 100 groups."""
    sentences: list[str]
    """The state of the gate in sentences."""


CurrentGates = Annotated[Gates, Depends(use_case(Gates))]


def gate_routes() -> APIRouter:
    """Return the route of the gate of a Task."""
    routes = APIRouter(tags=["Tasks"])

    @routes.get("/tasks/{name}/gate")
    def get_gate(name: str, gates: CurrentGates) -> TaskGateView:
        """Show the outcomes that a Task holds and those that it awaits before it runs."""
        return _gate_view(gates.view(name))

    return routes


def _gate_view(view: GateView) -> TaskGateView:
    held = [token for group in view.groups for token in group.tokens]
    return TaskGateView(
        task=view.task.name,
        enabled=view.task.enabled,
        edges=[
            _edge_view(edge, [token for token in held if token.edge == edge.upstream])
            for edge in view.edges
        ],
        group_count=len(view.groups),
        groups=[_group_view(group) for group in view.groups[:_MAX_SHOWN]],
        sentences=list(view.sentences()),
    )


def _edge_view(edge: GateEdge, held: list[Token]) -> GateEdgeView:
    return GateEdgeView(
        upstream=edge.upstream,
        condition=edge.conditions,
        when=edge.when,
        take=edge.take,
        held=len(held),
        tokens=[_token_view(token, edge) for token in held[:_MAX_SHOWN]],
    )


def _token_view(token: Token, edge: GateEdge) -> TokenView:
    fire = token.fire
    return TokenView(
        run_id=None if fire is not None else token.run_id,
        graph_run_id=None if fire is not None else token.graph_run_id,
        schedule=None if fire is None else fire.schedule,
        scheduled_time=None if fire is None else fire.scheduled_time,
        status=token.status,
        met=edge.is_met_by(token),
        finished_at=token.finished_at,
    )


def _group_view(group: TokenGroup) -> TokenGroupView:
    roots = dict.fromkeys(origin.run_id for token in group.tokens for origin in token.origins)
    return TokenGroupView(
        graph_run_ids=list(roots),
        has=[token.edge for token in group.sources],
        awaits=list(group.awaits),
        awaits_from_other_graph_runs=[] if group.awaits else list(group.lacks),
        windows=[_window_view(each) for each in group.windows],
    )


def _window_view(window: Window) -> WindowView:
    return WindowView(
        upstream=window.upstream,
        after=window.after,
        until=window.until,
        outcomes=[
            WindowOutcomeView(
                scheduled_time=each.scheduled_time, run_id=each.run_id, status=each.status
            )
            for each in window.outcomes
        ],
        awaited=list(window.awaited),
    )
