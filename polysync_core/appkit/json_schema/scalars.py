"""Validates numbers, strings and constants against the keywords of a JSON Schema."""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

from polysync_core.appkit.javascript import as_text
from polysync_core.appkit.json_schema.code_points import code_units
from polysync_core.appkit.json_schema.ecma_pattern import TooSlow, ecma_pattern
from polysync_core.appkit.json_schema.formats import EXAMPLES, FORMATS, WITH_PATTERN
from polysync_core.domain.json_types import JsonObject, JsonValue

MATCHING_SECONDS = 0.5
"""The longest time that all patterns of a request may take together."""

_NAMES = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
    "object": "an object",
    "array": "a list",
}
_MAX_ENUM = 20


@dataclass(slots=True)
class MatchingTime:
    """The rest of the time for the patterns of a request."""

    left: float = field(default=MATCHING_SECONDS)

    def is_in(self, pattern: str, text: str) -> bool:
        """Return whether a pattern matches, or raise `TooSlow`."""
        begin = time.thread_time()
        try:
            return ecma_pattern(pattern).is_in(text, self.left)
        finally:
            self.left -= time.thread_time() - begin


def type_problem(schema: JsonObject, value: JsonValue) -> str | None:
    """Return the problem with the type of a value; None if the type fits."""
    wanted = schema.get("type")
    names = [wanted] if isinstance(wanted, str) else cast("list[str]", wanted or [])
    if not names or any(_is_of_type(name, value) for name in names):
        return None
    return f"must be {' or '.join(_NAMES[name] for name in names)}, not {name_of(value)}"


def name_of(value: JsonValue) -> str:
    """Return the type of a value, for people."""
    kinds = ("null", "boolean", "integer", "number", "string", "array", "object")
    return next(
        (_NAMES[kind] for kind in kinds if _is_of_type(kind, value)), "a value that is not JSON"
    )


def _is_of_type(name: str, value: JsonValue) -> bool:
    match name:
        case "string":
            return isinstance(value, str)
        case "number":
            return is_number(value)
        case "integer":
            return is_number(value) and float(cast("float", value)).is_integer()
        case "boolean":
            return isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case _:
            return value is None


def is_number(value: object) -> bool:
    """Return whether a value is a finite number of JavaScript."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def scalar_problems(schema: JsonObject, value: JsonValue, budget: MatchingTime) -> Iterator[str]:
    """Yield the problems of a value with the keywords that need no other value."""
    if "const" in schema and not equal(schema["const"], value):
        yield f"must be {_quoted(schema['const'])}"
    allowed = schema.get("enum")
    if isinstance(allowed, list) and not any(equal(each, value) for each in allowed):
        yield f"must be one of {_choices(allowed)}"
    if isinstance(value, str):
        yield from _text_problems(schema, value, budget)
    elif is_number(value):
        yield from _number_problems(schema, cast("float", value))


def equal(first: JsonValue, second: JsonValue) -> bool:
    """Return whether two JSON values are equal; `true` is not 1, and 1.0 is 1."""
    return identity(first) == identity(second)


def identity(value: JsonValue) -> Hashable:
    """Return a key that equal JSON values share."""
    match value:
        case bool() | None:
            return (type(value), value)
        case dict():
            return frozenset((name, identity(each)) for name, each in value.items())
        case list():
            return tuple(identity(each) for each in value)
        case _:
            return value


def _text_problems(schema: JsonObject, value: str, budget: MatchingTime) -> Iterator[str]:
    yield from length_problems(schema, "Length", len(code_units(value)), "characters")
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and (problem := pattern_problem(pattern, value, budget)):
        yield problem
    wanted = schema.get("format")
    if isinstance(wanted, str):
        checks = WITH_PATTERN if has_pattern(schema) else FORMATS
        if wanted in checks and not checks[wanted](value):
            yield f"must be {EXAMPLES[wanted]}"


def has_pattern(schema: JsonObject) -> bool:
    """Return whether a schema has a pattern, or several in `allOf`."""
    parts = schema.get("allOf")
    others = parts if isinstance(parts, list) else []
    return "pattern" in schema or any(
        isinstance(each, dict) and "pattern" in each for each in others
    )


def pattern_problem(pattern: str, text: str, budget: MatchingTime) -> str | None:
    """Return the problem of a text with a pattern; None if the pattern matches."""
    try:
        return None if budget.is_in(pattern, text) else f"must match the pattern {pattern}"
    except TooSlow:
        return f"takes too long to match the pattern {pattern}: simplify the pattern"


def length_problems(schema: JsonObject, suffix: str, length: int, unit: str) -> Iterator[str]:
    """Yield the problems of a length with `min…` and `max…`."""
    least, most = schema.get(f"min{suffix}"), schema.get(f"max{suffix}")
    if is_number(least) and length < cast("float", least):
        yield f"must have at least {as_text(least)} {unit}"
    if is_number(most) and length > cast("float", most):
        yield f"must have at most {as_text(most)} {unit}"


def _number_problems(schema: JsonObject, value: float) -> Iterator[str]:
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    step = schema.get("multipleOf")
    if is_number(least) and value < cast("float", least):
        yield f"must be at least {as_text(least)}"
    if is_number(most) and value > cast("float", most):
        yield f"must be at most {as_text(most)}"
    if is_number(above) and value <= cast("float", above):
        yield f"must be greater than {as_text(above)}"
    if is_number(below) and value >= cast("float", below):
        yield f"must be less than {as_text(below)}"
    if is_number(step) and not _is_multiple(value, cast("float", step)):
        yield f"must be a multiple of {as_text(step)}"


def _is_multiple(value: float, step: float) -> bool:
    """Return whether a decimal number is a multiple of another, as people write them."""
    return (Fraction(repr(value)) / Fraction(repr(step))).denominator == 1


def _choices(allowed: list[JsonValue]) -> str:
    shown = ", ".join(_quoted(each) for each in allowed[:_MAX_ENUM])
    return f"{shown} …" if len(allowed) > _MAX_ENUM else shown


def _quoted(value: JsonValue) -> str:
    return f"'{value}'" if isinstance(value, str) else as_text(value)
