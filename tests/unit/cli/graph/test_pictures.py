"""Mermaid and SVG pictures: content, and names that must not break them."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from polysync_core.cli.api.graph import GraphAnswer
from polysync_core.cli.graph.labels import next_fire
from polysync_core.cli.graph.mermaid import mermaid
from polysync_core.cli.graph.svg import svg
from tests.unit.cli.graphs import PIPELINE, a_graph, a_node, an_edge

NAMESPACE = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    pytest.param('"]; click n0 "javascript:alert(1)', id="an end of the label"),
    pytest.param("</text><script>alert(1)</script>", id="a script"),
    pytest.param("a & b < c > d \"'", id="characters that XML escapes"),
    pytest.param("line\nbreak\ttab", id="several lines"),
    pytest.param("\x00\x1b[31m\ufffe", id="characters that XML forbids"),
    pytest.param("\ud800", id="half of a surrogate pair"),
    pytest.param("end", id="a keyword of Mermaid"),
    pytest.param("#quot;&lt;", id="entities"),
    pytest.param("\u202egnp.exe", id="right-to-left text"),
    pytest.param("n" * 5_000, id="a long name"),
]


def texts(picture: str) -> list[str]:
    root = ET.fromstring(picture)  # noqa: S314 - the test created the text
    return [element.text or "" for element in root.iter(f"{NAMESPACE}text")]


def test_a_picture_shows_names_statuses_times_and_conditions() -> None:
    shown = texts(svg(GraphAnswer.decode(PIPELINE), "Task bronze"))
    assert shown[:2] == ["Task bronze", "6 tasks, 5 dependencies"]
    assert {"landing", "bronze", "rates", "alert", "gold", "retired"} <= set(shown)
    assert {"Failed 2026-01-02 06:03Z", "next 2026-01-03 06:00Z", "no run", "disabled"} <= set(
        shown
    )
    assert shown.count("OnFailure") == 1
    assert "OnSuccess" not in shown


def test_every_status_has_a_colour() -> None:
    picture = svg(GraphAnswer.decode(PIPELINE), "All tasks")
    assert 'stroke="#dc2626"' in picture
    assert 'stroke="#16a34a"' in picture


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_an_svg_picture(name: str) -> None:
    answer: dict[str, Any] = {
        "nodes": [a_node(name, name), a_node("b", "Failed")],
        "edges": [an_edge(name, "b", name), an_edge("b", name)],
    }
    picture = svg(GraphAnswer.decode(answer), name)
    picture.encode()
    root = ET.fromstring(picture)  # noqa: S314 - the test created the text
    assert not list(root.iter(f"{NAMESPACE}script"))


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_mermaid(name: str) -> None:
    answer: dict[str, Any] = {
        "nodes": [a_node(name, name), a_node("b", "Failed")],
        "edges": [an_edge(name, "b", name)],
    }
    text = mermaid(GraphAnswer.decode(answer))
    text.encode()
    lines = text.splitlines()
    assert len(lines) == 1 + 2 + 1 + len({name if name in {"end", "n" * 5_000} else "-", "b"})
    assert re.fullmatch(r'  n0\["<b>[^"<>\[\]]*</b>(<br/>[^"<>\[\]]*)*"\]:::\w+', lines[1])
    assert re.fullmatch(r'  n0 -->\|"[^"|]*"\| n1', lines[3])


def test_an_empty_graph_is_a_valid_picture() -> None:
    assert texts(svg(a_graph([], []), "All tasks"))[1] == "0 tasks, 0 dependencies"
    assert mermaid(a_graph([], [])) == "flowchart LR\n"


def test_mermaid_is_a_flowchart_with_a_style_per_status() -> None:
    lines = mermaid(GraphAnswer.decode(PIPELINE)).splitlines()
    assert lines[0] == "flowchart LR"
    assert lines[2] == '  n1["<b>bronze</b><br/>Failed 2026-01-02 06:03Z"]:::Failed'
    assert "  n0 --> n1" in lines
    assert '  n1 -->|"OnFailure"| n3' in lines
    assert "  classDef Failed fill:#fef2f2,stroke:#dc2626,color:#0f172a" in lines


def test_an_edge_to_an_unknown_node_is_left_out() -> None:
    graph = GraphAnswer.decode({"nodes": [a_node("a")], "edges": [an_edge("a", "gone")]})
    assert graph.edges == []


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({"schedules": 1, "pausedSchedules": 1}, "schedule paused"),
        ({"schedules": 1, "disabledSchedules": 1}, "schedule disabled"),
        ({"schedules": 3, "pausedSchedules": 2}, "2 paused of 3 schedules"),
        (
            {"schedules": 2, "pausedSchedules": 1, "disabledSchedules": 1},
            "1 paused and 1 disabled of 2 schedules",
        ),
        ({"schedules": 1, "pausedSchedules": 1, "enabled": False}, "disabled"),
        ({"schedules": 1}, ""),
    ],
)
def test_schedules_that_do_not_fire_are_named(facts: dict[str, Any], shown: str) -> None:
    graph = GraphAnswer.decode({"nodes": [a_node("t", **facts)], "edges": []})

    assert next_fire(graph.nodes[0]) == shown
