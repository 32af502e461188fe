"""Compares two versions of a definition, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.document import write_definition
from polysync_core.domain.json_types import JsonValue


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed field; None stands for an absent value."""

    path: str
    before: JsonValue
    after: JsonValue


def differences(before: Definition, after: Definition) -> tuple[Difference, ...]:
    """Return the fields in which two definitions differ; defaults count as absent."""
    return tuple(_between(write_definition(before), write_definition(after), ""))


def _between(before: JsonValue, after: JsonValue, path: str) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{path}.{key}" if path else key
            yield from _between(before.get(key), after.get(key), inner)
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            yield from _between(_at(before, index), _at(after, index), f"{path}[{index}]")
    elif json.dumps(before) != json.dumps(after):
        yield Difference(path, before, after)


def _at(values: list[JsonValue], index: int) -> JsonValue:
    return values[index] if index < len(values) else None
