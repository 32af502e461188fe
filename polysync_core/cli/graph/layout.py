"""Where everything of a drawn graph goes: layers from left to right, connected parts below each
other, and nodes without any edge in a grid at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from polysync_core.cli.graph.layers import (
    Edge,
    Layers,
    Spot,
    components,
    layered,
    neighbours,
)

_BEND = 14.0
"""The height that an edge takes where it passes a layer."""
_SWEEPS = 16
_GRID_COLUMNS = 4

type Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """The size of a box and the room around it."""

    width: float
    height: float
    beside: float
    """Between two layers."""
    below: float
    """Between two boxes of a layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The upper left corner of every box, and the points that every edge runs through.

    A route leaves its box to the right and comes in from the left; between the second and third
    point, the fourth and fifth, and so on, it passes a layer.
    """

    boxes: Mapping[str, Point]
    routes: Mapping[Edge, Sequence[Point]]
    width: float
    height: float


def drawn(names: Sequence[str], edges: Sequence[Edge], measures: Measures) -> Drawing:
    """Return the drawing of a graph."""
    boxes: dict[str, Point] = {}
    routes: dict[Edge, Sequence[Point]] = {}
    down = width = 0.0
    parts = components(names, edges)
    for part in (part for part in parts if len(part) > 1):
        own = set(part)
        layers = layered(part, (edge for edge in edges if edge[0] in own))
        drawing = _placed(layers, measures)
        boxes |= {name: (x, y + down) for name, (x, y) in drawing.boxes.items()}
        for edge, points in drawing.routes.items():
            routes[edge] = [(x, y + down) for x, y in points]
        down += drawing.height + 2 * measures.below
        width = max(width, drawing.width)
    singles = [part[0] for part in parts if len(part) == 1]
    grid = _grid(singles, measures, width)
    boxes |= {name: (x, y + down) for name, (x, y) in grid.items()}
    return Drawing(
        boxes=boxes,
        routes=routes,
        width=max((x + measures.width for x, _ in boxes.values()), default=0.0),
        height=max((y + measures.height for _, y in boxes.values()), default=0.0),
    )


def _grid(names: Iterable[str], measures: Measures, width: float) -> dict[str, Point]:
    step = measures.width + measures.below
    columns = max(_GRID_COLUMNS, int((width + measures.below) // step))
    return {
        name: (
            number % columns * step,
            number // columns * (measures.height + measures.below),
        )
        for number, name in enumerate(names)
    }


def _placed(layers: Layers, measures: Measures) -> Drawing:
    middles = _middles(layers, measures)
    top = min(middles[spot] - _height(spot, measures) / 2 for row in layers.rows for spot in row)
    left = {
        spot: number * (measures.width + measures.beside)
        for number, row in enumerate(layers.rows)
        for spot in row
    }
    boxes: dict[str, Point] = {
        spot: (left[spot], middles[spot] - top - measures.height / 2)
        for row in layers.rows
        for spot in row
        if isinstance(spot, str)
    }
    routes: dict[Edge, Sequence[Point]] = {}
    for edge, route in layers.routes.items():
        points = [
            (x, middles[spot] - top)
            for spot in route
            for x in (left[spot], left[spot] + measures.width)
        ]
        routes[edge] = points[1:-1]
    bottom = max(middles[spot] + _height(spot, measures) / 2 for row in layers.rows for spot in row)
    width = len(layers.rows) * (measures.width + measures.beside) - measures.beside
    return Drawing(boxes=boxes, routes=routes, width=width, height=bottom - top)


def _middles(layers: Layers, measures: Measures) -> dict[Spot, float]:
    """Return the height of the middle of each spot: as close to its neighbours as there is room."""
    joined = neighbours(layers.routes)
    middles: dict[Spot, float] = {}
    for row in layers.rows:
        middles |= dict(zip(row, _spread(row, [0.0] * len(row), measures), strict=True))
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        for row in layers.rows if forwards else reversed(layers.rows):
            # At last both sides count, so that a node stands in the middle of all its edges.
            sides = (0, 1) if sweep >= _SWEEPS - 2 else (0,) if forwards else (1,)
            wishes = [
                _mean([middles[each] for side in sides for each in joined[spot][side]])
                for spot in row
            ]
            wanted = [
                middles[spot] if wish is None else wish
                for spot, wish in zip(row, wishes, strict=True)
            ]
            middles |= dict(zip(row, _spread(row, wanted, measures), strict=True))
    return middles


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _spread(row: Sequence[Spot], wanted: Sequence[float], measures: Measures) -> list[float]:
    """Return the middles closest to those wanted that keep the order and the distances.

    With the distances taken off it is an isotonic regression: neighbours that would overlap are
    pooled, and stand together where they want to be on the average.
    """
    heights = [_height(spot, measures) for spot in row]
    steps = [(one + other) / 2 + measures.below for one, other in pairwise(heights)]
    offsets = [0.0, *accumulate(steps)]
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            before, many = pools.pop()
            total, count = total + before, count + many
        pools.append((total, count))
    levels = [total / count for total, count in pools for _ in range(count)]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


def _height(spot: Spot, measures: Measures) -> float:
    return measures.height if isinstance(spot, str) else _BEND
