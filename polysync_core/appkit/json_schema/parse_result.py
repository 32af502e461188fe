"""Defines the result of parsing a value by a JSON Schema, and merges results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A value as one schema reads it."""

    value: JsonValue
    problems: Sequence[Problem] = ()
    names_fields: bool = False
    """The schema decides which fields of an object are kept; otherwise it only checks them."""
    unknown: frozenset[str] = frozenset()
    """Fields that the schema forbids, unless another part of an `allOf` names them."""

    @property
    def fits(self) -> bool:
        """Return whether the value fits the schema."""
        return not self.problems and not self.unknown


def merged(given: JsonValue, parts: Iterable[Parsed]) -> Parsed:
    """Return the result of all parts of a schema, without their unknown fields."""
    parts = list(parts)
    naming = [part for part in parts if part.names_fields]
    value = given
    if naming and isinstance(given, dict):
        value = naming[0].value
        for part in naming[1:]:
            value = merged_values(value, part.value)
    elif not isinstance(given, dict):
        for part in parts:
            value = _changed(given, value, part.value)
    return Parsed(
        value=value,
        problems=[problem for part in parts for problem in part.problems],
        names_fields=bool(naming),
    )


def _changed(given: JsonValue, before: JsonValue, after: JsonValue) -> JsonValue:
    """Return the value with the changes of a further part, such as defaults."""
    if after is given:
        return before
    return after if before is given else merged_values(before, after)


def merged_values(first: JsonValue, second: JsonValue) -> JsonValue:
    """Return the fields of both values; the second wins where they differ."""
    if isinstance(first, dict) and isinstance(second, dict):
        both: JsonObject = {**first, **second}
        for name in first.keys() & second.keys():
            both[name] = merged_values(first[name], second[name])
        return both
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [merged_values(*pair) for pair in zip(first, second, strict=True)]
    return second
