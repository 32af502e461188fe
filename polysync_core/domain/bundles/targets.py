"""Applies the overrides of a bundle's target, such as `dev`, to the definitions.

An entry of the overlay changes the definition with its name, or adds one. Objects are merged, and
null removes a field. A list is merged by the keys of its entries if it has such keys, such as the
names of parameters; another list replaces the whole list.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.changes.differences import entry_keys
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue

_KINDS = frozenset(each.value for each in Kind)
_SETTINGS = frozenset({"default", "variables"})


def find_target(targets: JsonObject, wanted: str | None) -> tuple[str | None, list[Problem]]:
    """Return the name of the wanted target, or of the default target; None if there is neither."""
    problems = list(_target_problems(targets))
    defaults = [
        name
        for name, content in targets.items()
        if isinstance(content, dict) and content.get("default") is True
    ]
    if len(defaults) > 1:
        message = f"only one target can be the default: {', '.join(defaults)} are"
        problems.append(Problem("targets", message))
    if wanted is None:
        return (defaults[0] if defaults else None), problems
    if wanted not in targets:
        near = get_close_matches(wanted, targets, n=1)
        hint = (
            f", did you mean '{near[0]}'?" if near else f" (known: {', '.join(targets) or 'none'})"
        )
        problems.append(Problem("targets", f"there is no target '{wanted}'{hint}"))
        return None, problems
    return wanted, problems


def overlaid(document: JsonObject, target: JsonObject) -> JsonObject:
    """Return the document with the definitions of a target; positions in its lists stay."""
    result = dict(document)
    for kind, entries in target.items():
        base = result.get(kind)
        if kind in _KINDS and isinstance(entries, list):
            result[kind] = _merged_definitions(base if isinstance(base, list) else [], entries)
    return result


def _merged_definitions(base: list[JsonValue], entries: list[JsonValue]) -> list[JsonValue]:
    """Merge each entry into the definition with its name; other definitions stay as they are."""
    merged = list(base)
    names = [each.get("name") if isinstance(each, dict) else None for each in base]
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if name in names:
            merged[names.index(name)] = _merged(merged[names.index(name)], entry)
        else:
            merged.append(_merged({}, entry))
    return merged


def _target_problems(targets: JsonObject) -> Iterator[Problem]:
    for name, content in targets.items():
        path = f"targets.{name}"
        if content is None:
            continue
        if not isinstance(content, dict):
            yield Problem(path, "must be an object (default, variables, and lists of definitions)")
            continue
        for key, value in content.items():
            yield from _part_problems(f"{path}.{key}", key, value)


def _part_problems(path: str, key: str, value: JsonValue) -> Iterator[Problem]:
    if key not in _KINDS | _SETTINGS:
        near = get_close_matches(key, [*_KINDS, *_SETTINGS], n=1)
        yield Problem(path, f"is not known{f', did you mean {near[0]!r}?' if near else ''}")
    elif key == "default" and not isinstance(value, bool):
        yield Problem(path, "must be true or false")
    elif key == "variables" and not isinstance(value, dict):
        yield Problem(path, "must be an object (name: value)")
    elif key in _KINDS and not isinstance(value, list):
        yield Problem(path, "must be a list")
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                yield Problem(
                    f"{path}[{index}]", "needs the name of the definition that it changes"
                )


def _merged(base: JsonValue, other: JsonValue) -> JsonValue:
    if isinstance(other, dict):
        merged = dict(base) if isinstance(base, dict) else {}
        for key, value in other.items():
            if value is None:
                merged.pop(key, None)
            else:
                merged[key] = _merged(merged.get(key), value)
        return merged
    if isinstance(base, list) and isinstance(other, list):
        return _merged_lists(base, other)
    return other


def _merged_lists(base: list[JsonValue], other: list[JsonValue]) -> list[JsonValue]:
    keys = entry_keys([base, other])
    if keys is None or not all(isinstance(each, dict) for each in [*base, *other]):
        return other
    positions = {key: index for index, key in enumerate(keys[0])}
    merged = list(base)
    for key, entry in zip(keys[1], other, strict=True):
        if key in positions:
            merged[positions[key]] = _merged(merged[positions[key]], entry)
        else:
            merged.append(entry)
    return merged
