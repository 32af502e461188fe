"""Converts flat form data to nested raw values, and adds or removes list rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from polysync_core.domain.errors import Malformed, Problem

type Raw = str | list[Raw] | RawObject
type RawObject = dict[str, Raw]

type Part = str | int

_PART = re.compile(r"\[(\d{1,5})\]|(\[\])|\.?([^.\[\]]+)")
_KEYS = ("name", "task", "input", "from")
"""The fields that identify a row, as in the differences of definitions."""
_MAX_DEPTH = 12


def nested(pairs: Iterable[tuple[str, str]]) -> RawObject:
    """Return the raw values of form data; of several values with one name, the last counts.

    `tags[3].name` is the name of a row. Rows are numbered anew without gaps. `dates[]` adds an
    entry to a list. Raises `Malformed` for names that contradict each other.
    """
    tree: dict[Part, object] = {}
    for name, value in pairs:
        _put(tree, parts_of(name), value)
    return cast("RawObject", _dense(tree))


def parts_of(path: str) -> list[Part]:
    """Return the parts of a path; -1 means a new entry of a list."""
    parts: list[Part] = []
    position = 0
    while position < len(path):
        found = _PART.match(path, position)
        if found is None or len(parts) == _MAX_DEPTH:
            raise _wrong(path)
        index, is_new, name = found.groups()
        parts.append(int(index) if index else -1 if is_new else name)
        position = found.end()
    if not parts:
        raise _wrong(path)
    return parts


def at(raw: Raw | None, path: str) -> Raw | None:
    """Return the raw value at a path, or None."""
    for part in parts_of(path):
        raw = at_part(raw, part)
    return raw


def at_part(raw: Raw | None, part: Part) -> Raw | None:
    """Return the raw value at one part of a path, or None."""
    if isinstance(raw, dict) and isinstance(part, str):
        return raw.get(part)
    if isinstance(raw, list) and isinstance(part, int):
        return raw[part] if 0 <= part < len(raw) else None
    return None


class NewRow:
    """Replaces the values of a row that the stored version does not have."""


def stored_value(stored: Raw | None, raw: Raw | None, path: str) -> Raw | NewRow | None:
    """Return the stored value of a control of the form.

    Rows are matched by their keys, because a row that is added or removed moves the others.
    """
    for part in parts_of(path):
        if isinstance(part, int):
            stored = _stored_row(stored, raw, part)
            if stored is None:
                return NewRow()
        else:
            stored = stored.get(part) if isinstance(stored, dict) else None
        raw = at_part(raw, part)
    return stored


def _stored_row(stored: Raw | None, raw: Raw | None, index: int) -> Raw | None:
    rows = stored if isinstance(stored, list) else []
    key = _key(at_part(raw, index))
    if key is None:
        return at_part(rows, index)
    return next((row for row in rows if _key(row) == key), None)


def _key(row: Raw | None) -> str | None:
    """Return the text that identifies a row; None for a single value."""
    if not isinstance(row, dict):
        return None
    return next((str(row[name]) for name in _KEYS if row.get(name)), "")


def with_row(raw: RawObject, path: str, row: Raw) -> RawObject:
    """Return raw values with one more row at the end of a list."""
    return cast("RawObject", _changed(raw, parts_of(path), lambda rows: [*rows, row]))


def without_row(raw: RawObject, path: str) -> RawObject:
    """Return raw values without the row at a path such as `tags[1]`."""
    *parents, index = parts_of(path)
    if not isinstance(index, int):
        raise _wrong(path)
    changed = _changed(raw, parents, lambda rows: rows[:index] + rows[index + 1 :])
    return cast("RawObject", changed)


def replaced(raw: RawObject, path: str, value: Raw) -> RawObject:
    """Return raw values with another value at a path of names."""
    name, _, rest = path.partition(".")
    if not rest:
        return {**raw, name: value}
    inner = raw.get(name)
    return {**raw, name: replaced(inner if isinstance(inner, dict) else {}, rest, value)}


def _changed(
    raw: Raw | None, parts: Sequence[Part], change: Callable[[list[Raw]], list[Raw]]
) -> Raw:
    if not parts:
        return change(raw if isinstance(raw, list) else [])
    part, *rest = parts
    if isinstance(part, str):
        known = raw if isinstance(raw, dict) else {}
        return {**known, part: _changed(known.get(part), rest, change)}
    rows = raw if isinstance(raw, list) else []
    return [_changed(row, rest, change) if at == part else row for at, row in enumerate(rows)]


def _put(tree: dict[Part, object], parts: Sequence[Part], value: str) -> None:
    node = tree
    for part in parts[:-1]:
        key = len(node) if part == -1 else part
        inner = node.setdefault(key, {})
        if not isinstance(inner, dict):
            raise _wrong(str(part))
        node = cast("dict[Part, object]", inner)
    last = parts[-1]
    if isinstance(node.get(last), dict):
        raise _wrong(str(last))
    node[len(node) if last == -1 else last] = value


def _dense(node: object) -> Raw:
    if not isinstance(node, dict):
        return cast("str", node)
    tree = cast("dict[Part, object]", node)
    indices = [key for key in tree if isinstance(key, int)]
    if not indices:
        return {str(key): _dense(value) for key, value in tree.items()}
    if len(indices) < len(tree):
        raise _wrong(str(next(key for key in tree if isinstance(key, str))))
    return [_dense(tree[index]) for index in sorted(indices)]


def _wrong(path: str) -> Malformed:
    return Malformed([Problem(path, "is not the name of a field: reload the page")])
