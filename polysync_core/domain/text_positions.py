"""Finds the line and the column of a field in YAML or JSON text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class TextPosition:
    """A place in a text; both numbers begin at 1."""

    line: int
    column: int


@dataclass(slots=True)
class _Collection:
    """An object or a list that the reader is inside."""

    path: str
    index: int | None
    """The index of the next entry of a list; None for an object."""
    key: str | None = None
    """The key whose value comes next; None if a key comes next."""


def positions_of(text: str, paths: Collection[str]) -> Mapping[str, TextPosition]:
    """Return the position of each path such as `tasks[0].schedules[1].cron`.

    A field that the text does not contain has the position of the nearest part around it. A text
    that is not YAML has no positions.
    """
    wanted = {each for path in paths for each in _with_ancestors(path)}
    found: dict[str, TextPosition] = {}
    try:
        for path, mark in _places(text):
            if path in wanted:
                found.setdefault(path, TextPosition(mark.line + 1, mark.column + 1))
    except yaml.YAMLError:
        return {}
    return {
        path: next(found[each] for each in _with_ancestors(path) if each in found)
        for path in paths
        if found
    }


def _with_ancestors(path: str) -> Iterator[str]:
    """Yield a path and the parts around it, the nearest first."""
    while path:
        yield path
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    yield ""


def _places(text: str) -> Iterator[tuple[str, Any]]:
    """Yield the path and the mark of each value of a text, in order; a field begins at its key."""
    stack: list[_Collection] = []
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionEndEvent):
            stack.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        inside = stack[-1] if stack else None
        if inside is not None and inside.index is None and inside.key is None:
            inside.key = str(getattr(event, "value", ""))
            yield _next_path(inside), event.start_mark
            continue
        path = "" if inside is None else _next_path(inside)
        yield path, event.start_mark
        if inside is not None:
            _advance(inside)
        if isinstance(event, yaml.CollectionStartEvent):
            stack.append(
                _Collection(path, 0 if isinstance(event, yaml.SequenceStartEvent) else None)
            )


def _next_path(inside: _Collection) -> str:
    if inside.index is not None:
        return f"{inside.path}[{inside.index}]"
    return f"{inside.path}.{inside.key}" if inside.path else str(inside.key)


def _advance(inside: _Collection) -> None:
    if inside.index is None:
        inside.key = None
    else:
        inside.index += 1
