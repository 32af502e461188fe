"""Draws the graph of a Task's unsaved dependencies, and updates it after each change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import htpy as h
from htpy import Element, Node

from polysync_core.application.dependencies.graph_view import DependencyEdge
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.forms.raw import RawObject
from polysync_core.console.graph.lines import Draft
from polysync_core.console.graph.picture import Layout, PictureSettings, graph_picture
from polysync_core.console.pages.tasks.editor.draft_context import graphs, now, rows_of, text_in
from polysync_core.console.parts.notices import notice
from polysync_core.console.paths import task_path
from polysync_core.domain.definitions.base import is_object_name
from polysync_core.domain.definitions.tasks import Mapping as OutputMapping
from polysync_core.domain.definitions.tasks import Take
from polysync_core.domain.dependencies.conditions import DEFAULT_CONDITIONS, Condition
from polysync_core.domain.errors import Invalid, NotFound


def dependency_picture(state: EditorPage, layout: Layout) -> Node:
    """Return the picture of the draft, or its placeholder until the tab is opened."""
    if state.tab != "dependencies" and not state.is_new:
        return _later(state)
    name = _name(state)
    edges = _draft_edges(state, name)
    known = [*([] if state.name is None else [name]), *(edge.upstream for edge in edges)]
    try:
        graph = graphs(state).of_relatives(known)
    except (Invalid, NotFound) as error:
        return h.div(".graph-pane")[notice("info", str(error))]
    return graph_picture(
        graph,
        now=now(state),
        focus=name,
        draft=Draft(task=name, edges=edges),
        settings=PictureSettings(
            link=lambda task: task_path(task, tab="dependencies"),
            layouts=_layouts(state),
            layout=layout,
        ),
    )


def _later(state: EditorPage) -> Element:
    """Return a placeholder for the picture, which costs reads, until the tab is opened."""
    attributes = {**redrawing(state), "hx-trigger": "intersect once"}
    address = task_path(state.name or "", tab="dependencies")
    return h.div(".graph-pane", attributes)[h.p(".in")[h.a(href=address)["Show the picture"]]]


def _name(state: EditorPage) -> str:
    return state.name or state.view.text("name") or "this task"


def _layouts(state: EditorPage) -> Mapping[Layout, str]:
    job = state.view.text("job") if state.is_new else None
    address = partial(state.editor.address, state.name, tab="dependencies", job=job)
    return {"split": address(), "stacked": address(layout="stacked")}


def _draft_edges(state: EditorPage, name: str) -> Sequence[DependencyEdge]:
    """Return the dependencies of the form, as far as they can be read."""
    edges: list[DependencyEdge] = []
    for index, row in enumerate(rows_of(state, "dependencies")):
        if is_object_name(upstream := text_in(row, "task").strip()):
            edges.append(
                DependencyEdge(
                    upstream=upstream,
                    downstream=name,
                    conditions=_conditions(row),
                    mappings=_mappings(state, index),
                    when=text_in(row, "when") or None,
                    take=_take(row),
                )
            )
    return edges


def _take(row: RawObject) -> Take:
    given = text_in(row, "take")
    return Take(given) if given in [*Take] else Take.EACH


def _conditions(row: RawObject) -> tuple[Condition, ...]:
    given = row.get("condition")
    chosen = given if isinstance(given, list) else []
    return tuple(each for each in Condition if each.value in chosen) or DEFAULT_CONDITIONS


def _mappings(state: EditorPage, index: int) -> tuple[OutputMapping, ...]:
    rows = rows_of(state, f"dependencies[{index}].mappings")
    pairs = [(text_in(row, "output"), text_in(row, "input")) for row in rows]
    return tuple(
        OutputMapping.model_construct(output=output, input=taken)
        for output, taken in pairs
        if output and taken
    )


def redrawing(state: EditorPage) -> dict[str, str]:
    """Return the attributes that draw the picture anew when a dependency changes."""
    # Readers may not send the form. Their page shows the stored version only.
    own = {"hx-get": task_path(state.name or "", tab="dependencies")}
    if not state.is_read_only:
        own = {"hx-post": state.view.address, "hx-vals": '{"do": "refresh"}'}
    return {
        **own,
        "hx-trigger": "change delay:150ms",
        # A button that changes the form makes a redraw obsolete.
        "hx-sync": "closest form:abort",
        "hx-target": "#editor",
        "hx-select": "#editor",
        "hx-swap": "outerMorph",
    }
