"""Reads values in a JSON response by JSONPath (RFC 9535), one value per path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

from jsonpath_rfc9535 import JSONPathError, JSONPathQuery, compile

from polysync_core.domain.json_types import JsonObject, JsonValue

# The singular queries of RFC 9535, section 2.3.5.1: names and indexes.
_SINGULAR = re.compile(
    r"\$(?:\.[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*|\[-?[0-9]{1,9}\]"
    r"|\['[^'\\]*'\]|\[\"[^\"\\]*\"\])*"
)
_LONGEST = 512


def path_problem(text: str) -> str | None:
    """Return the problem of a JSONPath; None if it names one value, such as `$.data.id`."""
    try:
        _compiled(text)
    except (JSONPathError, RecursionError):
        return "is no JSONPath: write a path such as $.data.id"
    if len(text) > _LONGEST or _SINGULAR.fullmatch(text) is None:
        return "may name several values: write a path of names and indexes, such as $.data[0].id"
    return None


def value_at(answer: JsonObject, path: str | None) -> JsonValue:
    """Return the value at a path; None if the path is None or names nothing."""
    if path is None:
        return None
    found = _compiled(path).find(answer).values()
    return cast("JsonValue", found[0]) if found else None


def first_value_at(answer: JsonObject, paths: Sequence[str]) -> JsonValue:
    """Return the first value that is neither missing nor null."""
    values = (value_at(answer, path) for path in paths)
    return next((value for value in values if value is not None), None)


def word_of(value: JsonValue) -> str | None:
    """Return a status as a word: a text, or the JSON of a number or boolean."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | str():
            return str(value)
        case _:
            return None


@lru_cache(maxsize=1024)
def _compiled(text: str) -> JSONPathQuery:
    return compile(text)
