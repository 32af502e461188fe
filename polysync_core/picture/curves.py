"""Writes the route of a graph edge as the path data of an SVG drawing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import batched

from polysync_core.picture.layout import Point


def path_data(points: Sequence[Point]) -> str:
    """Return a smooth path: curved between two layers, straight through a layer."""
    path = [f"M{_short(points[0])}"]
    for number, (start, end) in enumerate(batched(points, 2, strict=True)):
        if number:
            path.append(f"L{_short(start)}")
        middle = (start[0] + end[0]) / 2
        turns = (middle, start[1]), (middle, end[1]), end
        path.append(f"C{' '.join(map(_short, turns))}")
    return "".join(path)


def _short(point: Point) -> str:
    """Return the coordinates of a point, to a tenth and without zeros at their ends."""
    x, y = point
    return f"{round(x, 1):g} {round(y, 1):g}"


def path_back(start: Point, end: Point) -> str:
    """Return the path of an edge that closes a cycle: above both boxes, from right to left."""
    reach, rise = 40.0, 48.0
    top = min(start[1], end[1]) - rise
    right, left = start[0] + reach, end[0] - reach
    middle = (start[0] + end[0]) / 2
    return (
        f"M{start[0]:.1f} {start[1]:.1f}C{right:.1f} {start[1]:.1f} {right:.1f} {top:.1f} "
        f"{middle:.1f} {top:.1f}C{left:.1f} {top:.1f} {left:.1f} {end[1]:.1f} "
        f"{end[0]:.1f} {end[1]:.1f}"
    )
