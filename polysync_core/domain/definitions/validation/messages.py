"""Converts pydantic errors into readable problems with a field path and a remedy."""

from __future__ import annotations

import difflib
import heapq
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import Any

from pydantic import BaseModel, ValidationError

from polysync_core.domain.definitions.base import NAME_PATTERN, TYPE_PATTERN, FieldError
from polysync_core.domain.definitions.validation.lengths import too_many
from polysync_core.domain.definitions.validation.model_fields import field_names
from polysync_core.domain.errors import HintedError, Problem

type Location = Sequence[int | str]

_NAME_RULE = "a name is 1 to 63 of a-z, 0-9 and '-', and starts and ends with a letter or a digit"
_SHORT_NAME = re.compile(r"[\w-]{1,63}")
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
    "date_from_datetime_parsing": "must be a date such as 2026-12-31",
    "date_parsing": "must be a date such as 2026-12-31",
    "date_type": "must be a date such as 2026-12-31",
    "timezone_aware": "must name its offset from UTC, such as 2026-01-01T00:00:00Z",
    "datetime_parsing": "must be a time such as 2026-01-01T00:00:00Z",
    "datetime_from_date_parsing": "must be a time such as 2026-01-01T00:00:00Z",
    "datetime_type": "must be a time such as 2026-01-01T00:00:00Z",
    "string_unicode": "holds characters that cannot be stored",
}
_LONGEST_WORD = 100
"""Longer words get no suggestion, because the cost of a comparison is quadratic."""
_MAX_KNOWN = 1000
_SIMILAR = 0.6


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
    fields = lru_cache(partial(field_names, model))
    return [
        problem_of(details, prefix=prefix, known=fields(_without_indices(details["loc"])))
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
    if isinstance(error, HintedError):
        return Problem(path, str(error), error.hint)
    return _problem(path, details, location, known)


def suggestion(word: object, known: Iterable[str], otherwise: str = "") -> Callable[[], str]:
    """Return the hint of a problem: `nearest`, or another text if no word is similar."""
    return lambda: nearest(word, known) or otherwise


def similar(word: object, known: Iterable[str]) -> list[str]:
    """Return up to three similar words, the most similar first.

    An exact comparison is expensive, so only the most promising words are compared.
    """
    if not isinstance(word, str) or len(word) > _LONGEST_WORD:
        return []
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(word.lower())
    promising: list[tuple[float, str]] = []
    for each in islice(known, _MAX_KNOWN):
        matcher.set_seq1(each.lower()[:_LONGEST_WORD])
        if matcher.real_quick_ratio() >= _SIMILAR and matcher.quick_ratio() >= _SIMILAR:
            promising.append((matcher.quick_ratio(), each))
    compared = heapq.nlargest(2 * _MAX_SIMILAR, promising)
    best = sorted(((_ratio(matcher, each), each) for _, each in compared), reverse=True)
    return [each for ratio, each in best[:_MAX_SIMILAR] if ratio >= _SIMILAR]


def nearest(word: object, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" if a known word is similar, else ""."""
    close = similar(word, known)
    return f"; did you mean '{close[0]}'?" if close else ""


def _ratio(matcher: difflib.SequenceMatcher[str], word: str) -> float:
    matcher.set_seq1(word.lower()[:_LONGEST_WORD])
    return matcher.ratio()


def _problem(
    path: str, details: Mapping[str, Any], location: Location, known: Sequence[str]
) -> Problem:
    match details["type"]:
        case "extra_forbidden":
            listed = f" (known here: {', '.join(sorted(known))})" if known else ""
            return Problem(
                path, "is not a known field", suggestion(location[-1], known, otherwise=listed)
            )
        case "enum" | "literal_error":
            context: Mapping[str, Any] = details.get("ctx") or {}
            return _choice(path, details["input"], str(context.get("expected", "")))
        case "model_type" | "model_attributes_type" if _is_short_form(details, location, known):
            written = f"{{{known[0]}: {details['input']}}}"
            return Problem(path, f"must be an object: write {written}")
        case _:
            return Problem(path, _message(details, location))


def _is_short_form(details: Mapping[str, Any], location: Location, known: Sequence[str]) -> bool:
    """Return whether an entry of a list is only the name for its first field."""
    given = details["input"]
    is_entry = bool(location) and isinstance(location[-1], int) and bool(known)
    return is_entry and isinstance(given, str) and _SHORT_NAME.fullmatch(given) is not None


def _message(details: Mapping[str, Any], location: Location) -> str:
    kind: str = details["type"]
    context: Mapping[str, Any] = details.get("ctx") or {}
    if kind in {"string_type", "int_type"} and location and location[-1] == "[key]":
        return "a key must be text"
    match kind:
        case "too_long":
            return too_many(context["actual_length"], context["max_length"])
        case "too_short":
            return f"has {context['actual_length']} items, but needs {context['min_length']}"
        case "string_pattern_mismatch":
            return _pattern_message(str(context.get("pattern")))
        case "string_type" if isinstance(details["input"], int | float):
            return "must be text: put it in quotes"
        case "string_too_short":
            least = context.get("min_length", 1)
            return "must not be empty" if least == 1 else f"must have {least} or more characters"
        case "value_error":
            return str(context.get("error", details["msg"]))
        case _:
            return _TYPES.get(kind) or _lowered(str(details["msg"]))


def _pattern_message(pattern: str) -> str:
    if pattern == NAME_PATTERN:
        return f"is not a valid name: {_NAME_RULE}"
    if pattern == TYPE_PATTERN:
        return "is not the name of a type, such as AzureDatabricks or DatabricksNotebook"
    return f"does not match the regular expression {pattern}"


def _choice(path: str, given: object, expected: str) -> Problem:
    choices = [each.strip(" '") for each in expected.replace(" or ", ",").split(",")]
    return Problem(path, f"must be one of {', '.join(choices)}", suggestion(given, choices))


def _lowered(text: str) -> str:
    return text.replace("Input should", "must", 1).replace("should", "must", 1)


def _without_indices(location: Location) -> tuple[str, ...]:
    return tuple(part for part in location[:-1] if isinstance(part, str))
