"""Turns the errors of pydantic into sentences that name the remedy."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Any

from pydantic import BaseModel, ValidationError

from polysync_core.domain.definitions.base import FieldError
from polysync_core.domain.errors import Problem

type Location = Sequence[int | str]

_NAME_RULE = "a name is 1 to 63 of a-z, 0-9 and '-', and starts and ends with a letter or a digit"
_MAX_SIMILAR = 3
_TYPES = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object (name: value)",
    "model_type": "must be an object (name: value)",
    "model_attributes_type": "must be an object (name: value)",
    "missing": "is missing: it is required",
    "finite_number": "must be a finite number",
    "date_from_datetime_parsing": "must be a date as 2026-12-31",
    "date_parsing": "must be a date as 2026-12-31",
    "date_type": "must be a date as 2026-12-31",
    "timezone_aware": "must name its offset from UTC, as 2026-01-01T00:00:00Z",
    "datetime_parsing": "must be a time as 2026-01-01T00:00:00Z",
    "datetime_from_date_parsing": "must be a time as 2026-01-01T00:00:00Z",
    "datetime_type": "must be a time as 2026-01-01T00:00:00Z",
    "string_unicode": "holds characters that cannot be stored",
}


def path_of(location: Location, prefix: str = "") -> str:
    """Return a location in the path notation of the API: `tasks[2].schedules[0].cron`."""
    path = prefix
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    return path


def problems_of(
    error: ValidationError, model: type[BaseModel], *, prefix: str = ""
) -> list[Problem]:
    """Return every problem of a failed validation of `model`, with full paths."""
    return [
        problem_of(details, prefix=prefix, known=_known_fields(model, details["loc"]))
        for details in error.errors(include_url=False)
    ]


def problem_of(
    details: Mapping[str, Any], *, prefix: str = "", skip: int = 0, known: Sequence[str] = ()
) -> Problem:
    """Return one problem; `skip` drops the first parts of its location."""
    location = tuple(details["loc"])
    path = path_of(location[skip:], prefix)
    context: Mapping[str, Any] = details.get("ctx") or {}
    error = context.get("error")
    if isinstance(error, FieldError):
        return Problem(f"{path}.{error.path}" if path else error.path, str(error))
    return Problem(path, _message(details, location, known))


def similar(word: object, known: Iterable[str]) -> list[str]:
    """Return up to three similar words, the most similar first."""
    lowered = {each.lower(): each for each in known}
    close = difflib.get_close_matches(str(word).lower(), lowered, n=_MAX_SIMILAR, cutoff=0.6)
    return [lowered[each] for each in close]


def nearest(word: object, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" if a known word is similar, else ""."""
    close = similar(word, known)
    return f"; did you mean '{close[0]}'?" if close else ""


def _message(details: Mapping[str, Any], location: Location, known: Sequence[str]) -> str:
    kind: str = details["type"]
    context: Mapping[str, Any] = details.get("ctx") or {}
    if kind in {"string_type", "int_type"} and location and location[-1] == "[key]":
        return "a key must be text"
    match kind:
        case "extra_forbidden":
            listed = f" (known here: {', '.join(sorted(known))})" if known else ""
            return "is not a known field" + (nearest(location[-1], known) or listed)
        case "enum" | "literal_error":
            return _choice(details["input"], str(context.get("expected", "")))
        case "string_pattern_mismatch" if "a-z0-9-" in str(context.get("pattern")):
            return f"is not a valid name: {_NAME_RULE}"
        case "string_pattern_mismatch" if "A-Za-z" in str(context.get("pattern")):
            return "is not the name of a type, such as AzureDatabricks or DatabricksNotebook"
        case "string_type" if isinstance(details["input"], int | float):
            return "must be text: put it in quotes"
        case "value_error":
            return str(context.get("error", details["msg"]))
        case _:
            return _TYPES.get(kind) or _lowered(str(details["msg"]))


def _choice(given: object, expected: str) -> str:
    choices = [each.strip(" '") for each in expected.replace(" or ", ",").split(",")]
    return f"must be one of {', '.join(choices)}" + nearest(given, choices)


def _lowered(text: str) -> str:
    return text.replace("Input should", "must", 1).replace("should", "must", 1)


def _known_fields(model: type[BaseModel], location: Location) -> list[str]:
    """Return the valid field names at a location."""
    current: type[BaseModel] | None = model
    for part in location[:-1]:
        if isinstance(part, str) and current is not None:
            current = _model_in(_annotations(current).get(part))
    return list(_annotations(current)) if current is not None else []


def _annotations(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as `tuple[Schedule, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if isinstance(annotation, UnionType) or typing.get_origin(annotation) is not None:
        found = (_model_in(each) for each in typing.get_args(annotation))
        return next((each for each in found if each is not None), None)
    return None
