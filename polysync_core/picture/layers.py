"""Assigns graph nodes to layers, and orders each layer so that few edges cross.

The method is Sugiyama's. The layer of a node is the length of the longest path to it. An edge over
several layers has a bend in each layer between, so that it does not run behind a box.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from polysync_core.domain.definitions.name_graph import upstream_first

type Edge = tuple[str, str]

_MAX_BENDS = 4_000
"""Above this number, long edges run straight: the picture is unreadable anyway."""
_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Bend:
    """The point at which a long edge passes a layer."""

    edge: Edge
    layer: int


type Item = str | Bend
"""An item of a layer: a node or the bend of a long edge."""

type Adjacency = dict[Item, tuple[list[Item], list[Item]]]
"""The items that each item is connected to, in the layer before and in the layer after."""


@dataclass(frozen=True, slots=True)
class Layers:
    """The items of every layer in order, and the route of every edge through them."""

    rows: Sequence[Sequence[Item]]
    routes: Mapping[Edge, Sequence[Item]]


def assign_layers(names: Sequence[str], edges: Iterable[Edge]) -> Layers:
    """Return the layers of a graph; an edge that closes a cycle is left out."""
    forward = _without_cycles(names, edges)
    depth = _depths(names, forward)
    routes = _routes(forward, depth)
    rows: list[list[Item]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in names:
        rows[depth[name]].append(name)
    for route in routes.values():
        for bend in route[1:-1]:
            if isinstance(bend, Bend):
                rows[bend.layer].append(bend)
    return Layers(_ordered(rows, adjacent_items(routes)), routes)


def adjacent_items(
    routes: Mapping[Edge, Sequence[Item]],
) -> Adjacency:
    """Return the connected items of each item."""
    adjacent: Adjacency = {}
    for route in routes.values():
        for one, other in pairwise(route):
            adjacent.setdefault(one, ([], []))[1].append(other)
            adjacent.setdefault(other, ([], []))[0].append(one)
    return adjacent


def components(names: Sequence[str], edges: Iterable[Edge]) -> list[list[str]]:
    """Return the connected components, the largest first, each in the order of the names."""
    part_of = {name: [name] for name in names}
    for one, other in edges:
        larger, smaller = sorted((part_of[one], part_of[other]), key=len, reverse=True)
        if larger is not smaller:
            larger += smaller
            part_of.update(dict.fromkeys(smaller, larger))
    position = {name: number for number, name in enumerate(names)}
    parts = {id(part): part for part in part_of.values()}.values()
    ordered = [sorted(part, key=position.__getitem__) for part in parts]
    return sorted(ordered, key=lambda part: (-len(part), position[part[0]]))


def _without_cycles(names: Sequence[str], edges: Iterable[Edge]) -> list[Edge]:
    known = dict.fromkeys(edges)
    upstream: dict[str, list[str]] = {name: [] for name in names}
    for one, other in known:
        upstream[other].append(one)
    position = {name: number for number, name in enumerate(upstream_first(upstream))}
    return sorted(
        (edge for edge in known if position[edge[0]] < position[edge[1]]),
        key=lambda edge: (position[edge[0]], position[edge[1]]),
    )


def _depths(names: Sequence[str], forward: Sequence[Edge]) -> dict[str, int]:
    """Return the length of the longest path to each node; the edges are sorted topologically."""
    depth = dict.fromkeys(names, 0)
    for one, other in forward:
        depth[other] = max(depth[other], depth[one] + 1)
    return depth


def _routes(forward: Sequence[Edge], depth: Mapping[str, int]) -> dict[Edge, list[Item]]:
    bends = sum(depth[other] - depth[one] - 1 for one, other in forward)
    routes: dict[Edge, list[Item]] = {}
    for edge in forward:
        one, other = edge
        between = range(depth[one] + 1, depth[other]) if bends <= _MAX_BENDS else ()
        routes[edge] = [one, *(Bend(edge, layer) for layer in between), other]
    return routes


def _ordered(rows: list[list[Item]], adjacent: Adjacency) -> list[list[Item]]:
    """Return the rows with few crossings (barycentre method).

    Each row is sorted by the mean position of its connected items, in alternating directions. The
    best order that was found is returned.
    """
    best, fewest = [[*row] for row in rows], _crossings(rows, adjacent)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        forwards = sweep % 2 == 0
        fixed: list[Item] = []
        for row in rows if forwards else reversed(rows):
            position = {item: float(number) for number, item in enumerate(fixed)}
            own = {item: float(number) for number, item in enumerate(row)}
            side = 0 if forwards else 1
            row.sort(key=lambda item: _barycentre(adjacent, item, side, position, own[item]))
            fixed = row
        crossings = _crossings(rows, adjacent)
        if crossings < fewest:
            best, fewest = [[*row] for row in rows], crossings
    return best


def _barycentre(
    adjacent: Adjacency,
    item: Item,
    side: int,
    position: Mapping[Item, float],
    own: float,
) -> float:
    found = [position[each] for each in adjacent.get(item, ([], []))[side] if each in position]
    return sum(found) / len(found) if found else own


def _crossings(rows: Sequence[Sequence[Item]], adjacent: Adjacency) -> int:
    crossings = 0
    for row, following in pairwise(rows):
        position = {item: number for number, item in enumerate(following)}
        seen: list[int] = []
        for item in row:
            ends = sorted(
                position[each] for each in adjacent.get(item, ([], []))[1] if each in position
            )
            crossings += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return crossings
