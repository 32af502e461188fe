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
