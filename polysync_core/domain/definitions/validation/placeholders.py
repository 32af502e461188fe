"""Replaces invalid values of a definition by placeholders, so that other fields are checked.

A wrong optional value is removed. A wrong required value, or a wrong item of a list, is replaced
by a valid value that no definition refers to. So the positions in lists do not change.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Sequence
from enum import Enum
from functools import cache
from typing import Annotated, Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from polysync_core.domain.definitions.validation.model_fields import model_in
from polysync_core.domain.json_types import JsonValue

type Location = Sequence[int | str]

_CANDIDATES: tuple[JsonValue, ...] = (
    "Unread{}",
    "unread{}@unread.invalid",
    "@daily",
    "2000-01-01",
    "2000-01-01T00:00:00Z",
    "UTC",
    "vault://unread/unread",
    1,
    1.0,
    False,
    {},
    [],
)


def replace_value(model: type[BaseModel], raw: JsonValue, location: Location, number: int) -> bool:
    """Remove or replace the value at a location of `raw`; return False if nothing can be done.

    `number` makes the replacement unique.
    """
    parent: Any = raw
    annotation: Any = model
    for part in location[:-1]:
        if _is_absent(parent, part):
            # The object around the value was removed because of another problem.
            return True
        parent = parent[part]
        annotation = _inner(annotation, part)
    last = location[-1]
    if isinstance(parent, dict) and not _is_required(annotation, last):
        cast("dict[str, JsonValue]", parent).pop(str(last), None)
        return True
    placeholder = _placeholder(_inner(annotation, last), number)
    if placeholder is None:
        return False
    parent[last] = placeholder
    return True


def _is_absent(parent: object, part: int | str) -> bool:
    return isinstance(parent, dict) and part not in cast("dict[int | str, JsonValue]", parent)


def _inner(annotation: Any, part: int | str) -> Any:
    """Return the annotation of a part of an annotated value; None if it is unknown."""
    model = model_in(annotation)
    if isinstance(part, int):
        arguments = typing.get_args(_plain(annotation))
        return arguments[0] if arguments else None
    return _annotations(model).get(part) if model is not None else None


def _is_required(annotation: Any, part: int | str) -> bool:
    model = model_in(annotation)
    fields = model.model_fields.items() if model is not None else ()
    return any(field.is_required() for name, field in fields if (field.alias or name) == part)


def _plain(annotation: Any) -> Any:
    """Return an annotation without its alias, its constraints and None."""
    if isinstance(annotation, typing.TypeAliasType):
        return _plain(annotation.__value__)
    if typing.get_origin(annotation) is Annotated:
        return _plain(typing.get_args(annotation)[0])
    return annotation


@cache
def _annotations(model: type[BaseModel]) -> dict[str, Any]:
    """Return the annotations of the fields with their constraints, by alias."""
    return {
        field.alias or name: Annotated[field.annotation, *field.metadata]
        if field.metadata
        else field.annotation
        for name, field in model.model_fields.items()
    }


def _placeholder(annotation: Any, number: int) -> JsonValue:
    """Return a valid value of an annotation, or None if no candidate is valid."""
    plain = _plain(annotation)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return _required_fields(plain, number)
    members = list(plain) if isinstance(plain, type) and issubclass(plain, Enum) else []
    adapter = TypeAdapter[object](annotation)
    texts: list[JsonValue] = [f"unread-{number}", *(each.value for each in members), *_CANDIDATES]
    for candidate in texts:
        value = candidate.format(number) if isinstance(candidate, str) else candidate
        if _accepts(adapter, value):
            return value
    if typing.get_origin(plain) is tuple:
        item = _placeholder(typing.get_args(plain)[0], number)
        return [item] if _accepts(adapter, [item]) else None
    return None


def _required_fields(model: type[BaseModel], number: int) -> JsonValue:
    values = {
        name: _placeholder(annotation, number)
        for name, annotation in _annotations(model).items()
        if _is_required(model, name)
    }
    return None if None in values.values() else cast("JsonValue", values)


def _accepts(adapter: TypeAdapter[object], value: JsonValue) -> bool:
    try:
        adapter.validate_json(json.dumps(value), strict=True)
    except ValidationError:
        return False
    return True
