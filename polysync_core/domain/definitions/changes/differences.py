"""Compares two definitions field by field, and matches list entries by key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.document import write_definition
from polysync_core.domain.json_types import JsonObject, JsonValue

_KEYS = ("name", "task", "input", "from")
"""The fields that identify an entry, such as a parameter, dependency, mapping or date range."""
_PLAIN = re.compile(r"[^.\[\]\s\"]+")


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One changed field; None means an absent value."""

    path: str
    before: JsonValue
    after: JsonValue


def differences(before: Definition, after: Definition) -> tuple[FieldDifference, ...]:
    """Return the fields in which two definitions differ; defaults count as absent.

    An entry that only one list has is one difference, such as `parameters.row_limit`.
    """
    return document_differences(write_definition(before), write_definition(after))


def document_differences(before: JsonObject, after: JsonObject) -> tuple[FieldDifference, ...]:
    """Return the fields in which two written definitions differ."""
    return tuple(_between(before, after, ""))


def _between(before: JsonValue, after: JsonValue, path: str) -> Iterator[FieldDifference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _between(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _between_lists(before, after, path)
    elif isinstance(before, list) and after is None:
        yield from _between_lists(before, [], path)
    elif isinstance(after, list) and before is None:
        yield from _between_lists([], after, path)
    elif json.dumps(before) != json.dumps(after):
        yield FieldDifference(path, before, after)


def _between_lists(
    before: list[JsonValue], after: list[JsonValue], path: str
) -> Iterator[FieldDifference]:
    keys = entry_keys([before, after])
    if keys is None:
        for index in range(max(len(before), len(after))):
            yield from _between(_at(before, index), _at(after, index), f"{path}[{index}]")
        return
    old, new = keys
    olds, news = dict(zip(old, before, strict=True)), dict(zip(new, after, strict=True))
    for key in dict.fromkeys([*old, *new]):
        one, other, inner = olds.get(key), news.get(key), inner_path(path, key)
        if key in olds and key in news:
            yield from _between(one, other, inner)
        else:
            yield FieldDifference(inner, one, other)
    kept = [key for key in old if key in news]
    moved = [key for key in new if key in olds]
    if kept != moved:
        yield FieldDifference(path, [*kept], [*moved])


def entry_keys(lists: Sequence[list[JsonValue]]) -> list[list[str]] | None:
    """Return the key of each entry, or None if the entries have no unique keys."""
    for field in (None, *_KEYS):
        found = [[_key(entry, field) for entry in entries] for entries in lists]
        known = [[key for key in keys if key is not None] for keys in found]
        if known == found and all(len(set(keys)) == len(keys) for keys in known):
            return known
    return None


def _key(entry: JsonValue, field: str | None) -> str | None:
    """Return the value of an entry's field as text; the entry itself without a field."""
    if field is not None:
        value = entry.get(field) if isinstance(entry, dict) else None
        return value if isinstance(value, str) else None
    return None if isinstance(entry, dict | list) else _text(entry)


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def inner_path(path: str, key: str) -> str:
    """Return the path of an entry or a field within `path`."""
    return f"{path}.{key}" if _PLAIN.fullmatch(key) else f"{path}[{json.dumps(key)}]"


def _at(values: list[JsonValue], index: int) -> JsonValue:
    return values[index] if index < len(values) else None
