"""Finds cycles in a graph of names, and sorts the names topologically."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping


def find_cycle(
    start: str, upstream: Callable[[str], Iterable[str]], cleared: set[str]
) -> list[str] | None:
    """Return the names of a cycle that `start` leads to, or None.

    The first name is repeated as the last. `cleared` holds names that lead to no cycle. The
    function adds to it, so that many calls share the work.
    """
    path: list[str] = [start]
    on_path = {start}
    pending: list[Iterator[str]] = [iter(upstream(start))] if start not in cleared else []
    while pending:
        name = next(pending[-1], None)
        if name is None:
            pending.pop()
            done = path.pop()
            on_path.discard(done)
            cleared.add(done)
        elif name in on_path:
            return [*path[path.index(name) :], name]
        elif name not in cleared:
            path.append(name)
            on_path.add(name)
            pending.append(iter(upstream(name)))
    return None


def upstream_first(upstream: Mapping[str, Iterable[str]]) -> list[str]:
    """Sort names topologically; names without an order keep their positions.

    Names that are not keys are ignored; a cycle is broken at an arbitrary edge.
    """
    ordered: dict[str, None] = {}
    entered: set[str] = set()
    for start in upstream:
        pending = [start]
        while pending:
            name = pending[-1]
            waiting = [each for each in upstream[name] if each in upstream and each not in entered]
            entered.add(name)
            if waiting:
                pending += reversed(waiting)
            else:
                ordered.setdefault(pending.pop())
    return list(ordered)
