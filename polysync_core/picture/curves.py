"""Writes the route of an edge as the path data of an SVG picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import batched

from polysync_core.picture.layout import Point


def path_data(points: Sequence[Point]) -> str:
    """Return a smooth path: curved between two layers, straight through a layer."""
    path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for number, (start, end) in enumerate(batched(points, 2, strict=True)):
        if number:
            path.append(f"L{start[0]:.1f} {start[1]:.1f}")
        middle = (start[0] + end[0]) / 2
        path.append(
            f"C{middle:.1f} {start[1]:.1f} {middle:.1f} {end[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
        )
    return " ".join(path)


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
