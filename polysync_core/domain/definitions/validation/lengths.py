"""Limits the number of list and object items in a definition, before validation.

The cost of a validation, and the length of its error, depend on the number of items.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from annotated_types import MaxLen
from pydantic import BaseModel

from polysync_core.domain.definitions.validation.model_fields import model_in
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonValue

_MAX_FIELDS = 100
"""More than any definition has; the fields of a larger object are not read."""


@dataclass(frozen=True, slots=True)
class _Limit:
    """The maximum number of items of a field, and the model of an item."""

    items: int | None
    model: type[BaseModel] | None


def length_problems(model: type[BaseModel], raw: JsonValue, path: str) -> Iterator[Problem]:
    """Yield a problem for every list and object in `raw` with too many items."""
    if not isinstance(raw, dict):
        return
    if len(raw) > _MAX_FIELDS:
        yield Problem(path, too_many(len(raw), _MAX_FIELDS))
        return
    for name, limit in _limits(model).items():
        value = raw.get(name)
        inner = f"{path}.{name}" if path else name
        if isinstance(value, list | dict) and limit.items is not None and len(value) > limit.items:
            yield Problem(inner, too_many(len(value), limit.items))
        elif limit.model is not None and isinstance(value, list):
            for index, each in enumerate(value):
                yield from length_problems(limit.model, each, f"{inner}[{index}]")
        elif limit.model is not None:
            yield from length_problems(limit.model, value, inner)


def too_many(items: int, limit: int) -> str:
    """Return the message about a list or an object with too many items."""
    return f"has {items} items: at most {limit} are allowed"


@cache
def _limits(model: type[BaseModel]) -> Mapping[str, _Limit]:
    found = {
        field.alias or name: _Limit(_max_items(field.metadata), model_in(field.annotation))
        for name, field in model.model_fields.items()
    }
    return {name: each for name, each in found.items() if each.items or each.model}


def _max_items(metadata: list[Any]) -> int | None:
    return next((each.max_length for each in metadata if isinstance(each, MaxLen)), None)
