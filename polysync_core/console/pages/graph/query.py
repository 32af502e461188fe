"""Parses the URL query of the graph page, such as selected Task and layout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import Depends, Query

from polysync_core.application.dependencies.graph_outline import GraphOutlines
from polysync_core.application.dependencies.graph_view import Graph, TaskGraphs
from polysync_core.application.runs.run_lookup import find_run_id
from polysync_core.console.graph.picture import Layout
from polysync_core.console.paths import page_path

MAX_HOPS = 10
AROUND = 2
"""The dependencies around a Task that are shown where the whole graph is too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQuery:
    """The query of a page: the chosen Task, the part of the graph, and the layout."""

    task: str | None = None
    """The chosen Task; with `hops`, also the centre of the part."""
    hops: int | None = None
    tag: str | None = None
    graph_run_id: str | None = None
    layout: Layout = "split"
    whole: bool = False
    """True if all Tasks are drawn, however many they are."""
    compare: bool = False
    """True if a graph run is compared with the one before it."""

    @property
    def kept(self) -> dict[str, str]:
        """The query without the chosen Task, as the fields of a form."""
        values = {
            "hops": "" if self.hops is None else str(self.hops),
            "tag": self.tag or "",
            "graphRunId": self.graph_run_id or "",
            "layout": "" if self.layout == "split" else self.layout,
            "whole": "true" if self.whole else "",
            "compare": "true" if self.compare else "",
        }
        return {name: value for name, value in values.items() if value}

    @property
    def title(self) -> str:
        """The heading of the page."""
        if self.graph_run_id is not None:
            return f"Graph run {self.graph_run_id[:8]}"
        if self.tag is not None:
            return f"Tasks with {self.tag}"
        return f"Around {self.task}" if self.is_part else "Graph"

    @property
    def is_part(self) -> bool:
        """Return whether the query names a part of the graph, not all Tasks."""
        of_task = self.task is not None and self.hops is not None
        return of_task or self.tag is not None or self.graph_run_id is not None

    @property
    def part(self) -> GraphQuery:
        """The query without what does not change the graph: choice, layout and comparison."""
        centre = None if self.hops is None else self.task
        return replace(self, task=centre, layout="split", whole=False, compare=False)

    def with_hops(self, hops: int | None, task: str) -> GraphQuery:
        """Return the query of the Tasks around one Task, or of the whole graph."""
        return replace(self, hops=hops, task=task, tag=None, whole=hops is None)

    def with_comparison(self) -> GraphQuery:
        """Return the same query with the comparison."""
        return replace(self, compare=True)

    def with_layout(self, layout: Layout) -> GraphQuery:
        """Return the same query in another layout."""
        return replace(self, layout=layout)

    def address(self, *segments: str, task: str | None = None) -> str:
        """Return the address of a page or part with this query."""
        chosen = task if task is not None else self.task
        return page_path(*(segments or ("graph",)), task=chosen, **self.kept)

    def read(self, graphs: TaskGraphs, outlines: GraphOutlines) -> Graph:
        """Return the graph; raises `NotFound`, and `GraphTooLarge` for too many Tasks."""
        if self.graph_run_id is not None:
            return graphs.of_graph_run(find_run_id(graphs.runs, self.graph_run_id))
        if self.tag is not None:
            return graphs.of_names(outlines.outline().tagged(self.tag))
        if self.task is not None and self.hops is not None:
            return graphs.of_relatives([self.task], hops=self.hops)
        return graphs.of_tasks()


def _query(  # noqa: PLR0913 - one parameter for each part of the address
    task: Annotated[str, Query(max_length=63)] = "",
    hops: Annotated[int | None, Query(ge=1, le=MAX_HOPS)] = None,
    tag: Annotated[str, Query(max_length=200)] = "",
    graph_run_id: Annotated[str, Query(alias="graphRunId", max_length=64)] = "",
    layout: Literal["split", "stacked"] = "split",
    whole: bool = False,
    compare: bool = False,
) -> GraphQuery:
    return GraphQuery(
        task=task.strip() or None,
        hops=hops,
        tag=tag or None,
        graph_run_id=graph_run_id or None,
        layout=layout,
        whole=whole,
        compare=compare,
    )


CurrentGraphQuery = Annotated[GraphQuery, Depends(_query)]
