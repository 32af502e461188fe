"""Nodes of a graph in layers, ordered so that few edges cross (after Sugiyama).

A node's layer is the length of the longest path to it. An edge over several layers bends once in
each between, so that it has a place of its own there and runs behind no box.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from polysync_core.domain.definitions.graph import upstream_first

type Edge = tuple[str, str]

_MOST_BENDS = 4_000
"""Beyond that the picture is a carpet anyway, and long edges run straight."""
_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Bend:
    """The place of a long edge in a layer that it passes."""

    edge: Edge
    layer: int


type Spot = str | Bend
"""What takes a place in a layer."""


@dataclass(frozen=True, slots=True)
class Layers:
    """The places in every layer, in their order, and the way of every edge over them."""

    rows: Sequence[Sequence[Spot]]
    routes: Mapping[Edge, Sequence[Spot]]


def layered(names: Sequence[str], edges: Iterable[Edge]) -> Layers:
    """Return the layers of a graph; an edge that would close a cycle is left out."""
    forward = _without_cycles(names, edges)
    depth = _depths(names, forward)
    routes = _routes(forward, depth)
    rows: list[list[Spot]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in names:
        rows[depth[name]].append(name)
    for route in routes.values():
        for bend in route[1:-1]:
            if isinstance(bend, Bend):
                rows[bend.layer].append(bend)
    return Layers(_ordered(rows, neighbours(routes)), routes)


def neighbours(routes: Mapping[Edge, Sequence[Spot]]) -> dict[Spot, tuple[list[Spot], list[Spot]]]:
    """Return what each spot is joined to in the layer before and in the layer after."""
    joined: dict[Spot, tuple[list[Spot], list[Spot]]] = {}
    for route in routes.values():
        for one, other in pairwise(route):
            joined.setdefault(one, ([], []))[1].append(other)
            joined.setdefault(other, ([], []))[0].append(one)
    return joined


def components(names: Sequence[str], edges: Iterable[Edge]) -> list[list[str]]:
    """Return the connected parts of a graph, the largest first, each in the order of the names."""
    part_of = {name: [name] for name in names}
    for one, other in edges:
        larger, smaller = sorted((part_of[one], part_of[other]), key=len, reverse=True)
        if larger is not smaller:
            larger += smaller
            part_of.update(dict.fromkeys(smaller, larger))
    place = {name: number for number, name in enumerate(names)}
    parts = {id(part): part for part in part_of.values()}.values()
    ordered = [sorted(part, key=place.__getitem__) for part in parts]
    return sorted(ordered, key=lambda part: (-len(part), place[part[0]]))


def _without_cycles(names: Sequence[str], edges: Iterable[Edge]) -> list[Edge]:
    known = dict.fromkeys(edges)
    upstream: dict[str, list[str]] = {name: [] for name in names}
    for one, other in known:
        upstream[other].append(one)
    place = {name: number for number, name in enumerate(upstream_first(upstream))}
    return sorted(
        (edge for edge in known if place[edge[0]] < place[edge[1]]),
        key=lambda edge: (place[edge[0]], place[edge[1]]),
    )


def _depths(names: Sequence[str], forward: Sequence[Edge]) -> dict[str, int]:
    """Return the length of the longest path to each node; the edges are in the order of paths."""
    depth = dict.fromkeys(names, 0)
    for one, other in forward:
        depth[other] = max(depth[other], depth[one] + 1)
    return depth


def _routes(forward: Sequence[Edge], depth: Mapping[str, int]) -> dict[Edge, list[Spot]]:
    bends = sum(depth[other] - depth[one] - 1 for one, other in forward)
    routes: dict[Edge, list[Spot]] = {}
    for edge in forward:
        one, other = edge
        between = range(depth[one] + 1, depth[other]) if bends <= _MOST_BENDS else ()
        routes[edge] = [one, *(Bend(edge, layer) for layer in between), other]
    return routes


def _ordered(
    rows: list[list[Spot]], joined: Mapping[Spot, tuple[list[Spot], list[Spot]]]
) -> list[list[Spot]]:
    """Return the rows with few crossings: each is sorted by the middle of its neighbours' places.

    Forwards and backwards by turns; the best order of all that were seen counts.
    """
    best, fewest = [[*row] for row in rows], _crossings(rows, joined)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        forwards = sweep % 2 == 0
        fixed: list[Spot] = []
        for row in rows if forwards else reversed(rows):
            place = {spot: float(number) for number, spot in enumerate(fixed)}
            own = {spot: float(number) for number, spot in enumerate(row)}
            side = 0 if forwards else 1
            row.sort(key=lambda spot: _middle(joined, spot, side, place, own[spot]))
            fixed = row
        crossings = _crossings(rows, joined)
        if crossings < fewest:
            best, fewest = [[*row] for row in rows], crossings
    return best


def _middle(
    joined: Mapping[Spot, tuple[list[Spot], list[Spot]]],
    spot: Spot,
    side: int,
    place: Mapping[Spot, float],
    own: float,
) -> float:
    found = [place[each] for each in joined.get(spot, ([], []))[side] if each in place]
    return sum(found) / len(found) if found else own


def _crossings(
    rows: Sequence[Sequence[Spot]], joined: Mapping[Spot, tuple[list[Spot], list[Spot]]]
) -> int:
    crossings = 0
    for row, following in pairwise(rows):
        place = {spot: number for number, spot in enumerate(following)}
        seen: list[int] = []
        for spot in row:
            ends = sorted(place[each] for each in joined.get(spot, ([], []))[1] if each in place)
            crossings += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return crossings
