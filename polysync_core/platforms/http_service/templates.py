"""Fills placeholders such as `{externalId}` in texts and JSON values of HTTP calls.

| placeholder | value |
|---|---|
| `{externalId}` | the external id of the Job |
| `{parameters}` | all values, as a JSON object |
| `{parameters.NAME}` | one value |
| `{token}` | the idempotency key of the attempt |
| `{runName}` | the name of the run, for people |
| `{runId}` | the id of the run on the service |
| `{{` and `}}` | one brace |

A JSON text that is one placeholder becomes the value with its own type. `{NAME:number}` makes a
number of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause

PARAMETERS = "parameters"
_PARAMETER = f"{PARAMETERS}."
_NUMBER = ":number"
_PART = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]*)\}|[{}]")
_BRACES = {"{{": "{", "}}": "}"}
_FORM = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?")

type Values = Mapping[str, JsonValue]
"""The values of placeholders by name; a name that is missing has no value."""


def names_in(text: str) -> Iterator[str]:
    """Yield the names of the placeholders of a text, without the form of a number."""
    for part in _PART.finditer(text):
        if part["name"] is not None:
            yield part["name"].removesuffix(_NUMBER)


def problems_of(text: str, known: frozenset[str]) -> Iterator[str]:
    """Yield the problems of a template; `known` has the names of its placeholders."""
    for part in _PART.finditer(text):
        if part[0] in {"{", "}"}:
            yield "has a single brace: write {{ or }} for a brace"
    for name in names_in(text):
        if name not in known:
            names = ", ".join(f"{{{each}}}" for each in sorted(known))
            yield f"has no value for {{{name}}}: use {names or 'no placeholder'}"


def texts_in(value: JsonValue, path: str) -> Iterator[tuple[str, str]]:
    """Yield the texts of a JSON value with their paths."""
    match value:
        case str():
            yield path, value
        case dict():
            for name, each in value.items():
                yield from texts_in(each, f"{path}.{name}")
        case list():
            for index, each in enumerate(value):
                yield from texts_in(each, f"{path}[{index}]")
        case _:
            pass


def fill_text(text: str, values: Values) -> str:
    """Return a text with its placeholders filled; a missing value is the empty text."""

    def filled(part: re.Match[str]) -> str:
        name = part["name"]
        return _BRACES[part[0]] if name is None else _as_text(_value(name, values))

    return _PART.sub(filled, text)


def fill_json(value: JsonValue, values: Values) -> JsonValue:
    """Return a JSON value with its placeholders filled.

    A member of an object without a value is left out, and an element of a list becomes null.
    """
    match value:
        case str():
            whole = _PART.fullmatch(value)
            if whole is not None and whole["name"] is not None:
                return _value(whole["name"], values)
            return fill_text(value, values)
        case dict():
            filled = {name: fill_json(each, values) for name, each in value.items()}
            return {
                name: each
                for name, each in filled.items()
                if each is not None or value[name] is None
            }
        case list():
            return [fill_json(each, values) for each in value]
        case _:
            return value


def _value(name: str, values: Values) -> JsonValue:
    found = values.get(name.removesuffix(_NUMBER))
    if not name.endswith(_NUMBER) or found is None or isinstance(found, int | float):
        return found
    if isinstance(found, str) and _FORM.fullmatch(found):
        return float(found) if "." in found else int(found)
    raise PlatformRefused(f"{{{name}}} is no number", cause=FailureCause.PARAMETERS)


def _as_text(value: JsonValue) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case float():
            return format(Decimal(repr(value)), "f")
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_parameter(name: str) -> bool:
    """Return whether a placeholder means one or all parameter values."""
    return name == PARAMETERS or name.startswith(_PARAMETER)


def parameter_placeholder(name: str) -> str:
    """Return the name of a parameter's placeholder."""
    return f"{_PARAMETER}{name}"
