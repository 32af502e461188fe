"""Builds the HTML around the graph picture: zoom and search tools, legend and minimap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

import htpy as h
from htpy import Element, Node

from polysync_core.application.dependencies.graph_view import Graph
from polysync_core.console.graph.boxes import STATUS_WORDS, Box, boxes_of
from polysync_core.console.graph.drawing import graph_svg, map_svg, scene_of
from polysync_core.console.graph.lines import Draft, Line, Values, lines_of
from polysync_core.console.icons import icon, status_icon
from polysync_core.console.paths import page_path
from polysync_core.domain.runs.status import RunStatus

_MIN_FOR_MAP = 14
"""The minimum number of boxes for a minimap."""

type Layout = Literal["split", "stacked"]


def graph_link(task: str) -> str:
    """Return the address of the graph with a chosen Task."""
    return page_path("graph", task=task)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSettings:
    """The addresses that a picture of a graph uses on its page."""

    link: Callable[[str], str] = graph_link
    """Returns the address that a box leads to."""
    layouts: Mapping[Layout, str] = MappingProxyType({})
    """The addresses of the page in each layout; empty without a choice."""
    layout: Layout = "split"
    peek: str | None = None
    """The address of the side panel, to which the script adds `task`; None follows the link."""
    search: Mapping[str, str] | None = None
    """The query of the page, which the field to find a Task keeps; None leaves the field out."""


DEFAULT_SETTINGS = PictureSettings()


def graph_picture(  # noqa: PLR0913
    graph: Graph,
    *,
    now: datetime,
    focus: str | None = None,
    draft: Draft | None = None,
    values: Values = MappingProxyType({}),
    settings: PictureSettings = DEFAULT_SETTINGS,
) -> Element:
    """Return the pane of a graph, which works as links without a script.

    Args:
        graph: the Tasks and dependencies.
        now: the time until which running Tasks are counted.
        focus: the chosen Task.
        draft: the unsaved dependencies of a Task; they are dashed, and a cycle is red.
        values: the outputs that the lines show.
        settings: the addresses of boxes and layouts, and the side panel.
    """
    boxes = _with_draft(boxes_of(graph.nodes, now), draft)
    return picture_of(boxes, lines_of(graph.edges, boxes, values, draft), focus, settings)


def picture_of(
    boxes: Mapping[str, Box],
    lines: Mapping[tuple[str, str], Line],
    focus: str | None,
    settings: PictureSettings,
) -> Element:
    """Return the pane of described boxes and lines."""
    scene = scene_of(boxes, lines)
    return h.div(".graph-pane", data_peek=settings.peek)[
        graph_svg(scene, focus=focus, link=settings.link),
        _tools(settings),
        _legend(),
        h.div(".minimap.needs-script")[map_svg(scene)] if len(boxes) > _MIN_FOR_MAP else None,
    ]


def graph_view(picture: Node, side: Node, *, layout: Layout, embedded: bool = False) -> Element:
    """Return a picture with a panel beside it, or below it in the layout `stacked`.

    `embedded` is for a part of a page. Otherwise the view fills the window.
    """
    names = ["graph-view", *(["stacked"] if layout == "stacked" else [])]
    classes = " ".join([*names, *(["embedded"] if embedded else [])])
    return h.div(class_=classes)[
        picture, h.aside(".graph-side", aria_label="The chosen task")[side]
    ]


def _with_draft(boxes: Mapping[str, Box], draft: Draft | None) -> dict[str, Box]:
    """Return the boxes with those that only a draft names."""
    shown = dict(boxes)
    if draft is not None:
        for name in (draft.task, *(edge.upstream for edge in draft.edges)):
            shown.setdefault(name, Box(task=name))
    return shown


def _tools(settings: PictureSettings) -> Element:
    return h.div(".graph-tools")[
        None if settings.search is None else _find(settings.search),
        h.div(".actions.needs-script", role="group", aria_label="Zoom")[
            _zoom("in", "add", "Closer (+)"),
            _zoom("out", "minus", "Farther (-)"),
            _zoom("fit", "fit", "Whole graph (0)"),
        ],
        settings.layouts
        and h.div(".actions", role="group", aria_label="Layout")[
            [_layout(settings, name, label) for name, label in _LAYOUTS.items()]
        ],
    ]


_LAYOUTS: Mapping[Layout, str] = {"split": "Split", "stacked": "Stacked"}


def _find(query: Mapping[str, str]) -> Element:
    kept = [h.input(type="hidden", name=name, value=value) for name, value in query.items()]
    return h.form(method="get", action=page_path("graph"), role="search")[
        kept,
        h.input(
            type="search",
            name="task",
            placeholder="Find a task",
            aria_label="Find a task",
            autocomplete="off",
            data_graph_find="",
        ),
    ]


def _zoom(action: str, sign: str, label: str) -> Element:
    return h.button(type="button", data_zoom=action, title=label)[
        icon(sign), h.span(".hidden")[label]
    ]


def _layout(settings: PictureSettings, name: Layout, label: str) -> Element:
    current = "true" if settings.layout == name else None
    return h.a(".button", href=settings.layouts[name], data_layout=name, aria_current=current)[
        icon(name), label
    ]


def _legend() -> Element:
    statuses = [RunStatus.SUCCEEDED, RunStatus.RUNNING, RunStatus.QUEUED, RunStatus.FAILED]
    shown = [*statuses, RunStatus.CANCELLED, RunStatus.SKIPPED, None]
    return h.div(".legend")[
        [h.span[status_icon(status), STATUS_WORDS[status].capitalize()] for status in shown]
    ]
