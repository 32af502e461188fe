"""Writes the graph of Tasks as a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.cli.api.graph import GraphAnswer, GraphNode
from polysync_core.cli.graph.labels import (
    last_run,
    next_fire,
    one_line,
)
from polysync_core.cli.layout.status_colours import colours_of

_PLAIN = frozenset(" -_.,:+()/")
_NO_RUN = "NoRun"


def mermaid(graph: GraphAnswer) -> str:
    """Return the graph as a flowchart from left to right."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: GraphAnswer) -> Iterator[str]:
    yield "flowchart LR"
    # A task may have the name of a Mermaid keyword, such as `end`; a number is safe.
    ids = {node.task: f"n{number}" for number, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        yield f"  {ids[node.task]}[{_label(node)}]:::{_style(node)}"
    for edge in graph.edges:
        arrow = f'-->|"{_escaped(edge.label)}"|' if edge.label else "-->"
        yield f"  {ids[edge.upstream]} {arrow} {ids[edge.downstream]}"
    for style, status in sorted({(_style(node), node.status) for node in graph.nodes}, key=str):
        colours = colours_of(status)
        yield f"  classDef {style} fill:{colours.faint},stroke:{colours.strong},color:#0f172a"


def _label(node: GraphNode) -> str:
    lines = [f"<b>{_escaped(node.task)}</b>", _escaped(last_run(node)), _escaped(next_fire(node))]
    return '"' + "<br/>".join(line for line in lines if line) + '"'


def _style(node: GraphNode) -> str:
    return (
        node.status if node.status and node.status.isalpha() and node.status.isascii() else _NO_RUN
    )


def _escaped(text: str) -> str:
    """Return text for a quoted label; every special character becomes an entity."""
    return "".join(
        char if char.isalnum() or char in _PLAIN else f"#{ord(char)};" for char in one_line(text)
    )
