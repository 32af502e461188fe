"""Draws the panel beside the graph: selected Task, its dependencies and newest runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import htpy as h
from htpy import Element, Node

from polysync_core.application.dependencies.graph_view import DependencyEdge, Graph
from polysync_core.application.dependencies.graph_view import Node as GraphNode
from polysync_core.console.graph.lines import condition_words
from polysync_core.console.icons import icon, status_icon
from polysync_core.console.pages.graph.query import GraphQuery
from polysync_core.console.parts.times import duration_text, relative_time
from polysync_core.console.paths import job_path, platform_path, run_path, task_path
from polysync_core.domain.runs.run import TaskRun

LAST_RUNS = 12
_STEPS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The chosen Task with its newest runs."""

    node: GraphNode
    runs: Sequence[TaskRun]
    """Newest first."""
    may_run: bool
    """True if the person may start the Task."""


def side_panel(graph: Graph, chosen: Chosen, query: GraphQuery, now: datetime) -> Element:
    """Return the content of the panel, which the script replaces when another Task is chosen."""
    node = chosen.node
    return h.div("#peek.peek")[
        h.div[
            h.h2[h.a(href=task_path(node.task))[node.task]],
            h.p(".sub")[_of_job(node)],
        ],
        _newest(chosen.runs, now),
        _bars(chosen.runs, now),
        _actions(chosen, query),
        h.div(".before")[
            h.h3["Starts after"],
            _adjacent(graph, _before(graph, node), query, "it") or _root_note(node),
        ],
        h.div(".after")[
            h.h3["Starts"],
            _adjacent(graph, _after(graph, node), query, "this")
            or h.p(".nothing")["Nothing follows."],
        ],
    ]


def no_choice() -> Element:
    """Return the panel while no Task is chosen."""
    return h.div("#peek.peek")[h.p(".sub")["Choose a Task to see its runs and dependencies."]]


def _of_job(node: GraphNode) -> Iterator[Node]:
    yield from ("Job ", h.a(href=job_path(node.job))[node.job])
    if node.platform:
        yield from (" on ", h.a(href=platform_path(node.platform))[node.platform])
    if not node.enabled:
        yield " · disabled"


def _newest(runs: Sequence[TaskRun], now: datetime) -> Node:
    if not runs:
        return h.p(".sub")["The Task has no run in this view."]
    run = runs[0]
    error = run.attempt.error if run.attempt is not None else None
    return [
        h.div[
            h.span(class_=f"status pill {run.status.value.lower()}")[
                status_icon(run.status), h.span[run.status.value]
            ],
            " ",
            relative_time(run.finished_at or run.queued_at, now=now),
        ],
        h.p(class_="error" if error else None)[error or run.reason],
    ]


def _bars(runs: Sequence[TaskRun], now: datetime) -> Node:
    lengths = [(run, _length(run, now)) for run in reversed(runs)]
    longest = max((length for _, length in lengths), default=timedelta()) or timedelta(seconds=1)
    if not lengths:
        return None
    return h.ul(".bars", aria_label="The last runs, oldest first")[
        [
            h.li[
                h.a(href=run_path(run.run_id), title=_bar_text(run, length))[
                    h.i(class_=f"{run.status.value.lower()} h{_step(length, longest)}"),
                    h.span(".hidden")[_bar_text(run, length)],
                ]
            ]
            for run, length in lengths
        ]
    ]


def _bar_text(run: TaskRun, length: timedelta) -> str:
    return f"{run.status}, {duration_text(length)}"


def _length(run: TaskRun, now: datetime) -> timedelta:
    if run.started_at is None:
        return timedelta()
    return max((run.finished_at or now) - run.started_at, timedelta())


def _step(length: timedelta, longest: timedelta) -> int:
    return max(1, round(_STEPS * (length / longest)))


def _actions(chosen: Chosen, query: GraphQuery) -> Element:
    node, run = chosen.node, chosen.runs[0] if chosen.runs else None
    url = run.attempt.monitor_url if run is not None and run.attempt is not None else None
    return h.div(".actions")[
        h.a(".button.primary", href=task_path(node.task))[icon("task"), "Open the Task"],
        run and h.a(".button", href=run_path(run.run_id))[icon("runs"), "Its run"],
        h.a(".button", href=f"{task_path(node.task)}/run")[icon("run"), "Run once"]
        if chosen.may_run and node.enabled
        else None,
        query_link(query, node.task),
        h.a(".button", href=url, target="_blank", rel="noreferrer")[icon("external"), "Platform"]
        if url
        else None,
    ]


def query_link(query: GraphQuery, task: str) -> Element | None:
    """Return the link that switches between the whole graph and the Tasks around one Task."""
    if query.graph_run_id is not None:
        return None
    hops, text = (None, "Whole graph") if query.is_part else (2, "Only around it")
    return h.a(".button", href=query.with_hops(hops, task).address())[icon("graph"), text]


def _before(graph: Graph, node: GraphNode) -> list[tuple[str, DependencyEdge]]:
    return [(edge.upstream, edge) for edge in graph.edges if edge.downstream == node.task]


def _after(graph: Graph, node: GraphNode) -> list[tuple[str, DependencyEdge]]:
    return [(edge.downstream, edge) for edge in graph.edges if edge.upstream == node.task]


def _adjacent(
    graph: Graph,
    found: Iterable[tuple[str, DependencyEdge]],
    query: GraphQuery,
    subject: str,
) -> Node:
    runs = {node.task: node.last_run for node in graph.nodes}
    items = [
        h.li[
            status_icon(run.status if (run := runs.get(task)) else None),
            h.a(href=query.address(task=task), data_goto=task)[task],
            h.span(".nothing")[f"if {subject} {condition_words(edge.conditions)}"],
            [
                h.span(".chip.mono")[f"{mapping.output} → {mapping.input}"]
                for mapping in edge.mappings
            ],
        ]
        for task, edge in found
    ]
    return h.ul(".dependencies")[items] if items else None


def _root_note(node: GraphNode) -> Element:
    if not node.schedules:
        return h.p(".nothing")["Nothing: a person or a message starts it."]
    many = "schedule" if node.schedules == 1 else f"{node.schedules} schedules"
    return h.p(".nothing")[f"Its {many}."]
