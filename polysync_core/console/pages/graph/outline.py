"""Draws the HTML summary of a graph with too many Tasks for one picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import htpy as h
from htpy import Element, Node

from polysync_core.application.dependencies.graph_outline import (
    MAX_TASKS,
    Outline,
    Statuses,
    TagGroup,
)
from polysync_core.application.dependencies.graph_view import MAX_NODES
from polysync_core.console.graph.boxes import STATUS_WORDS, Box
from polysync_core.console.graph.lines import Label, Line
from polysync_core.console.graph.picture import PictureSettings, picture_of
from polysync_core.console.icons import status_icon
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.tables import table
from polysync_core.console.paths import page_path
from polysync_core.domain.runs.status import RunStatus

_MAX_PARTS = 100
_MAX_ROOTS = 3
_MAX_GROUPS = 150
_URGENT = (
    RunStatus.FAILED,
    RunStatus.RUNNING,
    RunStatus.QUEUED,
    RunStatus.CANCELLED,
    RunStatus.SUCCEEDED,
    RunStatus.SKIPPED,
)
"""The statuses of a group's box, the most urgent first."""


def outline_content(outline: Outline, tag: str | None) -> Node:
    """Return a search, a picture of the groups of a tag, and the connected parts."""
    names = list(dict.fromkeys(group.name for group in outline.groups))
    chosen = tag if tag in names else next(iter(names), None)
    groups = [group for group in outline.groups if group.name == chosen]
    return [
        _search(outline),
        None
        if outline.is_complete
        else notice("info", f"Only the first {MAX_TASKS} Tasks by name are covered."),
        h.div(".stack")[
            _grouped(outline, groups, names, chosen) if chosen is not None else None,
            _parts(outline),
        ],
    ]


def _search(outline: Outline) -> Element:
    whole = page_path("graph", whole=True)
    return h.form(".filters", method="get", action=page_path("graph"), role="search")[
        h.label(".hidden", for_="graph-task")["Task"],
        h.input(
            id="graph-task", name="task", type="search", required=True, placeholder="Name of a task"
        ),
        h.label(".hidden", for_="graph-hops")["Dependencies around it"],
        h.select(id="graph-hops", name="hops")[
            [
                h.option(value=str(hops), selected=hops == 2)[
                    f"{hops} {'dependency' if hops == 1 else 'dependencies'} around it"
                ]
                for hops in (1, 2, 3, 5, 10)
            ]
        ],
        h.button(type="submit")["Show"],
        outline.total <= MAX_NODES
        and h.a(".button.quiet", href=whole)[f"Draw all {outline.total} tasks"],
    ]


def _grouped(
    outline: Outline, groups: Sequence[TagGroup], names: Sequence[str], chosen: str
) -> Element:
    choice = h.form(".inline", method="get", action=page_path("graph"), data_auto_submit="")[
        h.label(for_="graph-group")["Group by tag"],
        h.select(id="graph-group", name="group")[
            [h.option(value=name, selected=name == chosen)[name] for name in names]
        ],
        h.button(".no-script", type="submit")["Show"],
    ]
    settings = PictureSettings(link=lambda value: page_path("graph", tag=f"{chosen}={value}"))
    shown = groups[:_MAX_GROUPS]
    picture = picture_of(_boxes(shown), _lines(outline, shown), None, settings)
    return card(
        f"Tasks by the tag {chosen}",
        h.div(".graph-view.embedded.alone")[picture],
        actions=choice,
    )


def _boxes(groups: Sequence[TagGroup]) -> dict[str, Box]:
    return {
        group.value: Box(
            task=group.value,
            platform=f"{len(group.tasks)} tasks",
            status=next((each for each in _URGENT if group.statuses.get(each)), None),
            length=_urgent_text(group.statuses),
        )
        for group in groups
    }


def _urgent_text(statuses: Statuses) -> str:
    status = next((each for each in _URGENT if statuses.get(each)), None)
    return f"{statuses[status]} {STATUS_WORDS[status]}" if status else STATUS_WORDS[None]


def _lines(outline: Outline, groups: Sequence[TagGroup]) -> dict[tuple[str, str], Line]:
    """Return a line between two groups with the number of dependencies between them."""
    group_of = {task: group.value for group in groups for task in group.tasks}
    counts = Counter(
        (group_of[upstream], group_of[downstream])
        for upstream, downstream in outline.edges
        if upstream in group_of and downstream in group_of
    )
    return {
        ends: Line(
            upstream=ends[0],
            downstream=ends[1],
            labels=(Label(text=str(many), full=f"{many} dependencies"),),
        )
        for ends, many in counts.items()
        if ends[0] != ends[1]
    }


def _parts(outline: Outline) -> Element:
    rows = [
        h.tr[
            h.th(scope="row")[list(_roots(part.roots or part.tasks))],
            h.td(".number")[str(len(part.tasks))],
            h.td[_counts(part.statuses)],
        ]
        for part in outline.parts[:_MAX_PARTS]
    ]
    hidden = len(outline.parts) - len(rows)
    single = f"{outline.single} Tasks have no dependency." if outline.single else None
    return card(
        "Connected parts",
        table("Connected parts of the graph", ["Starts with", "Tasks", "Newest runs"], rows),
        h.p(".in.nothing")[
            f"{hidden} smaller parts are not listed. " if hidden > 0 else None, single
        ]
        if hidden > 0 or single
        else None,
        note=f"{outline.total} Tasks",
    )


def _roots(names: Sequence[str]) -> Iterator[Node]:
    for number, name in enumerate(names[:_MAX_ROOTS]):
        yield ", " if number else None
        yield h.a(href=page_path("graph", task=name, hops=2))[name]
    if len(names) > _MAX_ROOTS:
        yield f" and {len(names) - _MAX_ROOTS} more"


def _counts(statuses: Mapping[RunStatus | None, int]) -> Node:
    return h.span(".chips")[
        [
            h.span(".status")[status_icon(status), h.span[f"{statuses[status]} {word}"]]
            for status, word in STATUS_WORDS.items()
            if statuses.get(status)
        ]
    ]
