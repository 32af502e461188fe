"""Serves the API route that returns Tasks and their dependencies as a graph."""

from __future__ import annotations

import operator
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from polysync_core.api.models import RunIdText, Time, View
from polysync_core.api.use_cases import use_case
from polysync_core.application.dependencies.graph_outline import GraphOutlines
from polysync_core.application.dependencies.graph_view import DependencyEdge, Node, TaskGraphs
from polysync_core.application.runs.run_lookup import find_run_id
from polysync_core.domain.definitions.tasks import Take
from polysync_core.domain.dependencies.conditions import Conditions
from polysync_core.domain.runs.status import RunStatus


class LastRunView(View):
    """The newest run of a Task."""

    run_id: RunIdText
    """The id of the run."""
    status: RunStatus
    """The status of the run."""
    finished_at: Time | None
    """The time at which the run ended."""


class NodeView(View):
    """A Task of the graph, or a deleted Task as its last run describes it."""

    task: str
    """The Task."""
    job: str
    """The Job of the Task."""
    platform: str | None
    """The Platform of the Job; null if the Job is missing."""
    job_type: str | None
    """The type of the Job; null if the Job is missing."""
    enabled: bool
    """False if the Task is switched off."""
    schedules: int
    """The number of schedules."""
    paused_schedules: int = Field(default=0, exclude_if=operator.not_)
    """The number of paused schedules; absent if 0."""
    disabled_schedules: int = Field(default=0, exclude_if=operator.not_)
    """The number of schedules that are switched off; absent if 0."""
    broken: str | None = Field(default=None, exclude_if=operator.not_)
    """The fault of a stored Task that this version cannot read; otherwise absent."""
    last_run: LastRunView | None
    """The newest run; in the graph of a graph run, the newest run of that graph run."""
    next_fire_time: Time | None
    """The next fire time of the Task's schedules."""


class OutputMappingView(View):
    """An output of the upstream run that becomes a parameter of the dependent run."""

    output: str
    """The output of the upstream Task."""
    input: str
    """The parameter of the dependent Task."""


class DependencyEdgeView(View):
    """A dependency between two Tasks."""

    upstream: Annotated[str, Field(serialization_alias="from")]
    """The upstream Task."""
    downstream: Annotated[str, Field(serialization_alias="to")]
    """The dependent Task."""
    condition: Conditions
    """The required outcome, or a list of outcomes of which one is required."""
    when: str | None
    """The expression over the outputs of the upstream run that must be true."""
    take: Take
    """The outcomes that the dependency uses."""
    mappings: list[OutputMappingView]
    """The outputs that are passed on."""


class GraphView(View):
    """Tasks and the dependencies between them."""

    nodes: list[NodeView]
    """The Tasks, upstream Tasks first."""
    edges: list[DependencyEdgeView]
    """The dependencies."""


CurrentTaskGraphs = Annotated[TaskGraphs, Depends(use_case(TaskGraphs))]
CurrentOutlines = Annotated[GraphOutlines, Depends(use_case(GraphOutlines))]


def graph_routes() -> APIRouter:
    """Return the route of the Task graph."""
    routes = APIRouter(tags=["Graph"])

    @routes.get("/graph")
    def get_graph(  # noqa: PLR0913 - one parameter for each part of the query
        graphs: CurrentTaskGraphs,
        outlines: CurrentOutlines,
        task: Annotated[
            str | None, Query(description="Only this Task, its ancestors and descendants.")
        ] = None,
        graph_run_id: Annotated[
            str | None,
            Query(alias="graphRunId", description="Only this graph run, with its runs' statuses."),
        ] = None,
        hops: Annotated[
            int | None,
            Query(
                ge=1,
                le=100,
                description="With `task`: the maximum distance from the task, in dependencies.",
            ),
        ] = None,
        tag: Annotated[
            str | None, Query(description="Only Tasks with this tag, as `name` or `name=value`.")
        ] = None,
    ) -> GraphView:
        """Show Tasks and dependencies, with each Task's last run and next fire time."""
        if graph_run_id is not None:
            graph = graphs.of_graph_run(find_run_id(graphs.runs, graph_run_id), task)
        elif tag is not None:
            graph = graphs.of_names(outlines.outline().tagged(tag))
        elif task is not None and hops is not None:
            graph = graphs.of_relatives([task], hops=hops)
        else:
            graph = graphs.of_tasks(task)
        return GraphView(
            nodes=[_node_view(node) for node in graph.nodes],
            edges=[_edge_view(edge) for edge in graph.edges],
        )

    return routes


def _node_view(node: Node) -> NodeView:
    run = node.last_run
    return NodeView(
        task=node.task,
        job=node.job,
        platform=node.platform,
        job_type=node.job_type,
        enabled=node.enabled,
        schedules=node.schedules,
        paused_schedules=node.paused_schedules,
        disabled_schedules=node.disabled_schedules,
        broken=node.broken,
        last_run=None if run is None else LastRunView.model_validate(run),
        next_fire_time=node.next_fire_time,
    )


def _edge_view(edge: DependencyEdge) -> DependencyEdgeView:
    return DependencyEdgeView(
        upstream=edge.upstream,
        downstream=edge.downstream,
        condition=edge.conditions,
        when=edge.when,
        take=edge.take,
        mappings=[OutputMappingView.model_validate(each) for each in edge.mappings],
    )
