"""Draws the graph of Tasks as an SVG picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from polysync_core.cli.api.graph import GraphAnswer, GraphEdge, GraphNode
from polysync_core.cli.graph.labels import (
    last_run,
    next_fire,
    one_line,
)
from polysync_core.cli.layout.status_colours import colours_of
from polysync_core.picture.curves import path_data
from polysync_core.picture.layout import BoxSizes, Drawing, Point, draw

_MARGIN = 28
_HEADING = 46
_MAX_TEXT = 34
_MIN_WIDTH = 176
_CHARACTER = 8.6
"""The mean width of a character of a name, in the fonts of most systems."""
_SMALL_CHARACTER = 6.9
_PADDING = 18
_LINE = 18
_LAYER_GAP = 72
_EDGES = {
    "": ("#94a3b8", ""),
    "OnFailure": ("#dc2626", "6 4"),
    "OnCompletion": ("#475569", "6 4"),
    "OnSkipped": ("#94a3b8", "2 4"),
}
"""The colour and the dashes of an edge by its label."""

_STYLE = """
  text { font-family: ui-sans-serif, system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
  .heading { font-size: 15px; font-weight: 600; fill: #0f172a; }
  .counts { font-size: 12px; fill: #64748b; }
  .name { font-size: 13.5px; font-weight: 600; fill: #0f172a; }
  .off { fill: #94a3b8; }
  .fact { font-size: 11.5px; fill: #475569; }
  .label { font-size: 11px; text-anchor: middle; }
"""


def svg(graph: GraphAnswer, heading: str) -> str:
    """Return the picture as the text of a self-contained file."""
    sizes = _sizes(graph)
    edges = {(edge.upstream, edge.downstream): edge for edge in graph.edges}
    drawing = draw([node.task for node in graph.nodes], [*edges], sizes, _label_widths(edges))
    return "\n".join(_document(graph, heading, drawing, sizes, edges)) + "\n"


def _document(
    graph: GraphAnswer,
    heading: str,
    drawing: Drawing,
    sizes: BoxSizes,
    edges: dict[tuple[str, str], GraphEdge],
) -> Iterator[str]:
    min_width = len(heading) * _CHARACTER * 1.2
    width = round(max(drawing.width, min_width) + 2 * _MARGIN)
    height = round(drawing.height + 2 * _MARGIN + _HEADING)
    title = _escaped(heading)
    counts = f"{len(graph.nodes)} tasks, {len(graph.edges)} dependencies"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{title}">'
    )
    yield f"<title>{title}</title>"
    yield f"<style>{_STYLE}</style>"
    yield f'<rect width="{width}" height="{height}" rx="12" fill="#ffffff"/>'
    yield f'<text class="heading" x="{_MARGIN}" y="{_MARGIN + 10}">{title}</text>'
    yield f'<text class="counts" x="{_MARGIN}" y="{_MARGIN + 29}">{counts}</text>'
    yield f'<g transform="translate({_MARGIN} {_MARGIN + _HEADING})">'
    for edge, points in drawing.routes.items():
        yield _line(edges[edge], points)
    for edge, points in drawing.routes.items():
        yield from _label(edges[edge], points)
    for node in graph.nodes:
        yield from _box(node, drawing.boxes[node.task], sizes)
    yield "</g>"
    yield "</svg>"


def _sizes(graph: GraphAnswer) -> BoxSizes:
    names = (len(_cut(node.task)) * _CHARACTER for node in graph.nodes)
    facts = (len(fact) * _SMALL_CHARACTER + 14 for node in graph.nodes for fact in _facts(node))
    lines = 1 + max((len(_facts(node)) for node in graph.nodes), default=0)
    return BoxSizes(
        width=round(max([_MIN_WIDTH, *names, *facts]) + 2 * _PADDING),
        height=20 + lines * _LINE,
        layer_gap=_LAYER_GAP,
        box_gap=20,
    )


def _label_widths(edges: Mapping[tuple[str, str], GraphEdge]) -> dict[tuple[str, str], float]:
    """Return the gap that the label of each edge needs."""
    return {
        key: len(_cut(edge.label)) * _SMALL_CHARACTER + 48
        for key, edge in edges.items()
        if edge.label
    }


def _facts(node: GraphNode) -> list[str]:
    return [_cut(fact) for fact in (last_run(node), next_fire(node)) if fact]


def _box(node: GraphNode, corner: Point, sizes: BoxSizes) -> Iterator[str]:
    x, y = corner
    colours = colours_of(node.status)
    dashes = "" if node.enabled else ' stroke-dasharray="5 4"'
    name_class = "name" if node.enabled else "name off"
    yield "<g>"
    yield f"<title>{_escaped(f'{node.task} (job {node.job}): {", ".join(_facts(node))}')}</title>"
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{sizes.width:g}" height="{sizes.height:g}" '
        f'rx="10" fill="{colours.faint}" stroke="{colours.strong}" stroke-width="1.4"{dashes}/>'
    )
    left, line = x + _PADDING, y + 26
    facts = _facts(node)
    # Centre the lines in the box.
    line += (sizes.height - 20 - (1 + len(facts)) * _LINE) / 2
    yield _text(name_class, left, line, _cut(node.task))
    yield f'<circle cx="{left + 4:.1f}" cy="{line + 14:.1f}" r="4" fill="{colours.strong}"/>'
    for number, fact in enumerate(facts, start=1):
        yield _text("fact", left + 14, line + number * _LINE, fact)
    yield "</g>"


def _line(edge: GraphEdge, points: Sequence[Point]) -> str:
    colour, dashes = _EDGES.get(edge.label, _EDGES["OnCompletion"])
    x, y = points[-1]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<path d="{path_data(points)}" fill="none" stroke="{colour}" stroke-width="1.5"{dashed}/>'
        f'<path d="M{x:.1f} {y:.1f}l-9 -4.5v9z" fill="{colour}"/>'
    )


def _label(edge: GraphEdge, points: Sequence[Point]) -> Iterator[str]:
    """Yield the condition of an edge, in the middle of its last curve."""
    label = _cut(edge.label)
    if not label:
        return
    colour, _ = _EDGES.get(edge.label, _EDGES["OnCompletion"])
    (x1, y1), (x2, y2) = points[-2:]
    x, y, width = (x1 + x2) / 2, (y1 + y2) / 2, len(label) * _SMALL_CHARACTER + 12
    yield (
        f'<rect x="{x - width / 2:.1f}" y="{y - 9:.1f}" width="{width:.1f}" height="18" rx="9" '
        f'fill="#ffffff" stroke="{colour}" stroke-width="0.8"/>'
    )
    yield (
        f'<text class="label" x="{x:.1f}" y="{y + 4:.1f}" fill="{colour}">{_escaped(label)}</text>'
    )


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{_escaped(text)}</text>'


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


def _escaped(text: str) -> str:
    return escape(one_line(text))
