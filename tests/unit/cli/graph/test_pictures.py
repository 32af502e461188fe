"""Mermaid and SVG: what they show, and that no name can break them."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from polysync_core.cli.graph.answer import Graph
from polysync_core.cli.graph.mermaid import mermaid
from polysync_core.cli.graph.svg import svg
from tests.unit.cli.graph.builders import PIPELINE, a_graph, a_node, an_edge

NAMESPACE = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    pytest.param('"]; click n0 "javascript:alert(1)', id="a way out of a label"),
    pytest.param("</text><script>alert(1)</script>", id="a script"),
    pytest.param("a & b < c > d \"'", id="what XML escapes"),
    pytest.param("line\nbreak\ttab", id="several lines"),
    pytest.param("\x00\x1b[31m\ufffe", id="what XML does not know"),
    pytest.param("\ud800", id="half a character"),
    pytest.param("end", id="a word of Mermaid"),
    pytest.param("#quot;&lt;", id="entities"),
    pytest.param("\u202egnp.exe", id="text that runs backwards"),
    pytest.param("n" * 5_000, id="a long name"),
]


def texts(picture: str) -> list[str]:
    root = ET.fromstring(picture)  # noqa: S314 - of our own making
    return [element.text or "" for element in root.iter(f"{NAMESPACE}text")]


def test_a_picture_shows_names_statuses_times_and_conditions() -> None:
    shown = texts(svg(Graph.decode(PIPELINE), "Around bronze"))
    assert shown[:2] == ["Around bronze", "6 tasks, 5 dependencies"]
    assert {"landing", "bronze", "rates", "alert", "gold", "retired"} <= set(shown)
    assert {"Failed 2026-01-02 06:03Z", "next 2026-01-03 06:00Z", "no run", "disabled"} <= set(
        shown
    )
    assert shown.count("OnFailure") == 1
    assert "OnSuccess" not in shown


def test_a_status_has_its_colour() -> None:
    picture = svg(Graph.decode(PIPELINE), "All tasks")
    assert 'stroke="#dc2626"' in picture
    assert 'stroke="#16a34a"' in picture


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_a_picture(name: str) -> None:
    answer: dict[str, Any] = {
        "nodes": [a_node(name, name), a_node("b", "Failed")],
        "edges": [an_edge(name, "b", name), an_edge("b", name)],
    }
    picture = svg(Graph.decode(answer), name)
    picture.encode()
    root = ET.fromstring(picture)  # noqa: S314 - of our own making
    assert not list(root.iter(f"{NAMESPACE}script"))


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_mermaid(name: str) -> None:
    answer: dict[str, Any] = {
        "nodes": [a_node(name, name), a_node("b", "Failed")],
        "edges": [an_edge(name, "b", name)],
    }
    text = mermaid(Graph.decode(answer))
    text.encode()
    lines = text.splitlines()
    assert len(lines) == 1 + 2 + 1 + len({name if name in {"end", "n" * 5_000} else "-", "b"})
    assert re.fullmatch(r'  n0\["<b>[^"<>\[\]]*</b>(<br/>[^"<>\[\]]*)*"\]:::\w+', lines[1])
    assert re.fullmatch(r'  n0 -->\|"[^"|]*"\| n1', lines[3])


def test_a_graph_of_nothing_is_a_picture_too() -> None:
    assert texts(svg(a_graph([], []), "All tasks"))[1] == "0 tasks, 0 dependencies"
    assert mermaid(a_graph([], [])) == "flowchart LR\n"


def test_mermaid_is_a_flowchart_with_a_style_a_status() -> None:
    lines = mermaid(Graph.decode(PIPELINE)).splitlines()
    assert lines[0] == "flowchart LR"
    assert lines[2] == '  n1["<b>bronze</b><br/>Failed 2026-01-02 06:03Z"]:::Failed'
    assert "  n0 --> n1" in lines
    assert '  n1 -->|"OnFailure"| n3' in lines
    assert "  classDef Failed fill:#fef2f2,stroke:#dc2626,color:#0f172a" in lines


def test_an_edge_to_nowhere_is_left_out() -> None:
    graph = Graph.decode({"nodes": [a_node("a")], "edges": [an_edge("a", "gone")]})
    assert graph.edges == []
