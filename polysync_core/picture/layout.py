"""Computes the positions of boxes and the routes of edges in a graph drawing.

Layers run from left to right, connected components stand below each other, and nodes without edges
form a grid at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from types import MappingProxyType

from polysync_core.picture.layers import (
    Edge,
    Item,
    Layers,
    adjacent_items,
    assign_layers,
    components,
)

_BEND = 14.0
"""The height of a bend."""
_SWEEPS = 16
_GRID_COLUMNS = 4

type Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxSizes:
    """The size of a box and the gaps between boxes."""

    width: float
    height: float
    layer_gap: float
    """The gap between two layers without a label; `draw` widens it for a longer label."""
    box_gap: float
    """The gap between two boxes of a layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The upper left corner of every box, and the points of every edge.

    A route leaves its box on the right and enters the next on the left. It passes a layer between
    its second and third point, its fourth and fifth, and so on.
    """

    boxes: Mapping[str, Point]
    routes: Mapping[Edge, Sequence[Point]]
    width: float
    height: float


def draw(
    names: Sequence[str],
    edges: Sequence[Edge],
    sizes: BoxSizes,
    label_widths: Mapping[Edge, float] = MappingProxyType({}),
) -> Drawing:
    """Return the drawing of a graph.

    The label of an edge stands in the gap before the box that the edge enters. `label_widths` says
    how wide that gap must be. Only the gaps with a wide label grow.
    """
    boxes: dict[str, Point] = {}
    routes: dict[Edge, Sequence[Point]] = {}
    down = width = 0.0
    parts = components(names, edges)
    for part in (part for part in parts if len(part) > 1):
        own = set(part)
        layers = assign_layers(part, (edge for edge in edges if edge[0] in own))
        drawing = _draw_component(layers, sizes, _columns(layers, sizes, label_widths))
        boxes |= {name: (x, y + down) for name, (x, y) in drawing.boxes.items()}
        for edge, points in drawing.routes.items():
            routes[edge] = [(x, y + down) for x, y in points]
        down += drawing.height + 2 * sizes.box_gap
        width = max(width, drawing.width)
    singles = [part[0] for part in parts if len(part) == 1]
    grid = _grid(singles, sizes, width)
    boxes |= {name: (x, y + down) for name, (x, y) in grid.items()}
    return Drawing(
        boxes=boxes,
        routes=routes,
        width=max((x + sizes.width for x, _ in boxes.values()), default=0.0),
        height=max((y + sizes.height for _, y in boxes.values()), default=0.0),
    )


def _grid(names: Iterable[str], sizes: BoxSizes, width: float) -> dict[str, Point]:
    step = sizes.width + sizes.box_gap
    columns = max(_GRID_COLUMNS, int((width + sizes.box_gap) // step))
    return {
        name: (
            number % columns * step,
            number // columns * (sizes.height + sizes.box_gap),
        )
        for number, name in enumerate(names)
    }


def _columns(
    layers: Layers, sizes: BoxSizes, label_widths: Mapping[Edge, float]
) -> Sequence[float]:
    """Return the left side of every layer."""
    layer_of = {item: number for number, row in enumerate(layers.rows) for item in row}
    gaps = [sizes.layer_gap] * (len(layers.rows) - 1)
    for edge in layers.routes:
        before = layer_of[edge[1]] - 1
        gaps[before] = max(gaps[before], label_widths.get(edge, 0.0))
    return [0.0, *accumulate(sizes.width + gap for gap in gaps)]


def _draw_component(layers: Layers, sizes: BoxSizes, columns: Sequence[float]) -> Drawing:
    centres = _centres(layers, sizes)
    top = min(centres[item] - _height(item, sizes) / 2 for row in layers.rows for item in row)
    left = {item: column for column, row in zip(columns, layers.rows, strict=True) for item in row}
    boxes: dict[str, Point] = {
        item: (left[item], centres[item] - top - sizes.height / 2)
        for row in layers.rows
        for item in row
        if isinstance(item, str)
    }
    routes: dict[Edge, Sequence[Point]] = {}
    for edge, route in layers.routes.items():
        points = [
            (x, centres[item] - top)
            for item in route
            for x in (left[item], left[item] + sizes.width)
        ]
        routes[edge] = points[1:-1]
    bottom = max(centres[item] + _height(item, sizes) / 2 for row in layers.rows for item in row)
    width = columns[-1] + sizes.width
    return Drawing(boxes=boxes, routes=routes, width=width, height=bottom - top)


def _centres(layers: Layers, sizes: BoxSizes) -> dict[Item, float]:
    """Return the vertical centre of each item, as close to its connected items as possible."""
    adjacent = adjacent_items(layers.routes)
    centres: dict[Item, float] = {}
    for row in layers.rows:
        centres |= dict(zip(row, _spread(row, [0.0] * len(row), sizes), strict=True))
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        for row in layers.rows if forwards else reversed(layers.rows):
            # The last sweeps use both sides, which centres a node between all its edges.
            sides = (0, 1) if sweep >= _SWEEPS - 2 else (0,) if forwards else (1,)
            targets = [
                _mean([centres[each] for side in sides for each in adjacent[item][side]])
                for item in row
            ]
            desired = [
                centres[item] if target is None else target
                for item, target in zip(row, targets, strict=True)
            ]
            centres |= dict(zip(row, _spread(row, desired, sizes), strict=True))
    return centres


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _spread(row: Sequence[Item], desired: Sequence[float], sizes: BoxSizes) -> list[float]:
    """Return the centres closest to the desired ones, keeping order and distances.

    Without the distances this is an isotonic regression: items that would overlap are pooled at the
    mean of their desired centres.
    """
    heights = [_height(item, sizes) for item in row]
    steps = [(one + other) / 2 + sizes.box_gap for one, other in pairwise(heights)]
    offsets = [0.0, *accumulate(steps)]
    pools: list[tuple[float, int]] = []
    for centre, offset in zip(desired, offsets, strict=True):
        total, count = centre - offset, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            before, many = pools.pop()
            total, count = total + before, count + many
        pools.append((total, count))
    levels = [total / count for total, count in pools for _ in range(count)]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


def _height(item: Item, sizes: BoxSizes) -> float:
    return sizes.height if isinstance(item, str) else _BEND
