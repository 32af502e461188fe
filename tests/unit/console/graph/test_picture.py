"""Pictures of graphs: links, states, values, drafts and cycles."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from polysync_core.application.dependencies.graph_view import DependencyEdge, Graph, Node
from polysync_core.console.graph.boxes import Box
from polysync_core.console.graph.drawing import graph_svg, map_svg, scene_of
from polysync_core.console.graph.lines import Draft, Line
from polysync_core.console.graph.picture import PictureSettings, graph_link, graph_picture
from polysync_core.domain.definitions.tasks import Mapping
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.builders import NOON, a_run, run_id


def a_node(task: str, status: RunStatus | None = None, **facts: Any) -> Node:
    known = {"run_id": run_id(task), "task": task, "status": status, "started_at": NOON}
    if status is not None and status.is_terminal:
        known["finished_at"] = NOON + timedelta(seconds=65)
    return Node(
        task=task,
        job="load",
        platform="lakehouse",
        job_type="DatabricksNotebook",
        enabled=facts.pop("enabled", True),
        schedules=0,
        last_run=None if status is None else a_run(**known),
        next_fire_time=None,
    )


def an_edge(upstream: str, downstream: str, **facts: Any) -> DependencyEdge:
    return DependencyEdge(
        upstream=upstream,
        downstream=downstream,
        conditions=(facts.get("condition", Condition.ON_SUCCESS),),
        mappings=facts.get("mappings", ()),
    )


def picture(graph: Graph, **facts: Any) -> LexborHTMLParser:
    return LexborHTMLParser(str(graph_picture(graph, now=NOON + timedelta(seconds=9), **facts)))


def box(tree: LexborHTMLParser, task: str) -> LexborNode:
    (found,) = tree.css(f'.graph-pane > svg a[data-task="{task}"]')
    return found


def state(tree: LexborHTMLParser, upstream: str, downstream: str) -> str:
    (found,) = tree.css(f'path.edge[data-from="{upstream}"][data-to="{downstream}"]')
    return (found.attributes["class"] or "").removeprefix("edge ")


def labels(tree: LexborHTMLParser) -> list[str]:
    return [each.text() for each in tree.css(".edge-label text")]


CHAIN = Graph(
    nodes=(
        a_node("a", RunStatus.SUCCEEDED),
        a_node("b", RunStatus.RUNNING),
        a_node("c", enabled=False),
    ),
    edges=(an_edge("a", "b"), an_edge("b", "c")),
)


def test_a_box_is_a_link_with_name_platform_duration_and_status_in_words() -> None:
    tree = picture(CHAIN)
    assert box(tree, "a").attributes["href"] == graph_link("a")
    assert box(tree, "a").css_first(".name").text() == "a"
    assert box(tree, "a").css_first(".fact").text() == "lakehouse · 1 min 05 s"
    assert box(tree, "a").css_first(".sr").text() == ", succeeded"
    assert box(tree, "c").css_first(".fact").text() == "lakehouse · never ran"
    assert box(tree, "c").css_first(".sr").text() == ", never ran, disabled"


def test_a_running_task_counts_on_in_the_browser() -> None:
    length = box(picture(CHAIN), "b").css_first(".length")
    assert length.text() == "9.0 s"
    assert length.attributes["data-duration"] == "2026-03-01T12:00:00.000Z"


@pytest.mark.parametrize("status", [None, *RunStatus])
def test_every_status_has_a_shape_a_word_and_a_class(status: RunStatus | None) -> None:
    tree = picture(Graph(nodes=(a_node("a", status),), edges=()))
    name = "none" if status is None else status.value.lower()
    assert box(tree, "a").css(f".node.{name} svg.status-icon.{name} > *")
    assert len(box(tree, "a").css_first(".sr").text()) > 5
    assert tree.css(f".legend .status-icon.{name} > *")


@pytest.mark.parametrize(
    ("before", "after", "condition", "expected"),
    [
        (RunStatus.SUCCEEDED, RunStatus.SUCCEEDED, Condition.ON_SUCCESS, "done"),
        (RunStatus.SUCCEEDED, RunStatus.RUNNING, Condition.ON_SUCCESS, "live"),
        (RunStatus.FAILED, RunStatus.QUEUED, Condition.ON_FAILURE, "live"),
        (RunStatus.FAILED, RunStatus.SKIPPED, Condition.ON_SUCCESS, "never"),
        (RunStatus.SUCCEEDED, RunStatus.SKIPPED, Condition.ON_FAILURE, "never"),
        (RunStatus.FAILED, None, Condition.ON_SUCCESS, "error"),
        (RunStatus.FAILED, RunStatus.SUCCEEDED, Condition.ON_FAILURE, "done"),
        (RunStatus.RUNNING, RunStatus.SUCCEEDED, Condition.ON_SUCCESS, "open"),
        (None, None, Condition.ON_SUCCESS, "open"),
    ],
)
def test_a_line_has_the_state_of_its_ends(
    before: RunStatus | None, after: RunStatus | None, condition: Condition, expected: str
) -> None:
    edge = an_edge("a", "b", condition=condition)
    graph = Graph(nodes=(a_node("a", before), a_node("b", after)), edges=(edge,))
    assert state(picture(graph), "a", "b") == expected


def test_a_mapped_output_stands_on_its_line_with_its_value() -> None:
    mappings = (
        Mapping(output="revenue_cents", input="cents"),
        Mapping(output="missing", input="m"),
    )
    edge = an_edge("a", "b", mappings=mappings, condition=Condition.ON_COMPLETION)
    graph = Graph(nodes=(a_node("a"), a_node("b")), edges=(edge,))
    tree = picture(graph, values={("a", "revenue_cents"): 230150638})
    assert labels(tree) == ["if it ended", "revenue_cents = 230150638", "missing"]
    assert tree.css(".edge-label.val text")[0].text() == "revenue_cents = 230150638"
    assert tree.css(".edge-label.val title")[0].text() == "revenue_cents → cents: 230150638"


def test_many_and_long_values_are_cut() -> None:
    mappings = tuple(Mapping(output=f"o{number}", input=f"i{number}") for number in range(5))
    graph = Graph(nodes=(a_node("a"), a_node("b")), edges=(an_edge("a", "b", mappings=mappings),))
    tree = picture(graph, values={("a", "o0"): "x" * 500})
    assert labels(tree) == [f'o0 = "{"x" * 14}…', "o1", "3 more"]


def test_a_draft_is_dashed_and_replaces_the_stored_dependencies() -> None:
    draft = Draft(task="c", edges=(an_edge("a", "c"), an_edge("new", "c")))
    tree = picture(CHAIN, focus="c", draft=draft)
    assert state(tree, "a", "c") == "draft"
    assert state(tree, "new", "c") == "draft"
    assert box(tree, "new").css_first(".name").text() == "new"
    assert not tree.css('path[data-from="b"][data-to="c"]')
    assert state(tree, "a", "b") == "live"
    assert box(tree, "c").css(".node.sel")


def test_an_unchanged_draft_looks_as_it_is_stored() -> None:
    draft = Draft(task="b", edges=(an_edge("a", "b"),))
    assert state(picture(CHAIN, draft=draft), "a", "b") == "live"
    changed = Draft(task="b", edges=(an_edge("a", "b", condition=Condition.ON_FAILURE),))
    assert state(picture(CHAIN, draft=changed), "a", "b") == "draft"


@pytest.mark.parametrize(
    ("task", "upstream", "expected"),
    [
        pytest.param("a", "c", {("a", "b"), ("b", "c"), ("c", "a")}, id="a cycle of three"),
        pytest.param("a", "b", {("a", "b"), ("b", "a")}, id="a cycle of two"),
        pytest.param("a", "a", {("a", "a")}, id="a task after itself"),
    ],
)
def test_a_cycle_in_a_draft_is_marked(
    task: str, upstream: str, expected: set[tuple[str, str]]
) -> None:
    tree = picture(CHAIN, draft=Draft(task=task, edges=(an_edge(upstream, task),)))
    marked = {
        (each.attributes["data-from"], each.attributes["data-to"])
        for each in tree.css("path.edge.cycle")
    }
    assert marked == expected
    assert len(tree.css("path.edge")) == len(CHAIN.edges) + 1


def test_text_of_people_and_platforms_cannot_leave_its_element() -> None:
    hostile = '"><script>alert(1)</script>\u202e\n&'
    mapping = Mapping(output="o", input="i")
    graph = Graph(
        nodes=(a_node(hostile), a_node("b")),
        edges=(an_edge(hostile, "b", mappings=(mapping,)),),
    )
    tree = picture(graph, values={(hostile, "o"): hostile}, focus=hostile)
    assert not tree.css("script")
    assert len(tree.css(".graph-pane > svg a")) == 2
    assert "\u202e" not in (tree.html or "")


def test_tools_are_links_and_a_form_that_keeps_the_query() -> None:
    settings = PictureSettings(
        layouts={"split": "/split", "stacked": "/stacked"},
        layout="stacked",
        search={"hops": "2"},
        peek="/peek",
    )
    tree = picture(CHAIN, settings=settings)
    assert [each.attributes["href"] for each in tree.css("a[data-layout]")] == [
        "/split",
        "/stacked",
    ]
    assert tree.css_first("a[data-layout=stacked]").attributes["aria-current"] == "true"
    assert tree.css_first("input[name=hops]").attributes["value"] == "2"
    assert tree.css_first("input[name=task]").attributes["aria-label"] == "Find a task"
    assert tree.css_first(".graph-pane").attributes["data-peek"] == "/peek"
    assert not picture(CHAIN).css("form")


def test_a_small_graph_has_no_map() -> None:
    assert not picture(CHAIN).css(".minimap")
    large = Graph(nodes=tuple(a_node(f"t{number}") for number in range(15)), edges=())
    assert len(picture(large).css(".minimap rect.box")) == 15


def test_an_empty_graph_is_a_picture() -> None:
    assert picture(Graph(nodes=(), edges=())).css("svg.graph")


def many(number: int) -> tuple[dict[str, Box], dict[tuple[str, str], Line]]:
    """Return a layered graph with about 1.5 dependencies for each Task."""
    names = [f"task-number-{each:04}" for each in range(number)]
    width = max(4, int(number**0.5) * 2)
    lines: dict[tuple[str, str], Line] = {}
    for each in range(width, number):
        for step in (width, width + each % 3, width - each % 2):
            if each >= step and (each + step) % 2:
                ends = (names[each - step], names[each])
                lines[ends] = Line(upstream=ends[0], downstream=ends[1])
    return {name: Box(task=name, platform="lakehouse") for name in names}, lines


@pytest.mark.slow
def test_two_hundred_boxes_are_laid_out_and_drawn_within_the_budget() -> None:
    boxes, lines = many(200)
    best = min(_seconds(boxes, lines) for _ in range(5))
    assert best <= 0.060, f"{best * 1000:.1f} ms"


def _seconds(boxes: dict[str, Box], lines: dict[tuple[str, str], Line]) -> float:
    start = time.process_time()
    scene = scene_of(boxes, lines)
    graph_svg(scene, focus=None, link=graph_link)
    map_svg(scene)
    return time.process_time() - start
