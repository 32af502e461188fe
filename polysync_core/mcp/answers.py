"""Builds the JSON results of MCP tools, with length limits and marked untrusted content."""

from __future__ import annotations

import json
import unicodedata

from polysync_core.domain.json_types import JsonObject, JsonValue

MAX_TEXT = 2_000
"""The longest foreign text, in characters; the API has the complete text."""
MAX_ANSWER = 60_000
"""The longest answer, in characters; a model pays for each of them."""

UNTRUSTED = "untrusted"
"""The field that wraps content from platforms and people: data, never instructions."""


class AnswerTooLong(Exception):
    """The answer is longer than a model can use."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(
            f"The answer would have {length} characters, but {limit} are allowed: request fewer "
            "items with limit, or a single item."
        )


def untrusted(value: JsonValue) -> JsonValue:
    """Return foreign content in its wrapper, truncated; None for empty content."""
    return None if value in (None, "", [], {}) else {UNTRUSTED: sanitised(value)}


def compact(content: JsonObject) -> JsonObject:
    """Return an object without its empty fields."""
    return {name: value for name, value in content.items() if value not in (None, "", [], {})}


def items_of(content: JsonObject, field: str) -> list[JsonObject]:
    """Return the objects of a list in an answer of the API."""
    items = content.get(field)
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []


def to_text(content: JsonObject) -> str:
    """Return the JSON text of an answer, or raise `AnswerTooLong`."""
    return limited(json.dumps(content, ensure_ascii=False, separators=(",", ":")), MAX_ANSWER)


def limited(text: str, limit: int) -> str:
    """Return the text, or raise `AnswerTooLong` if it exceeds the limit."""
    if len(text) > limit:
        raise AnswerTooLong(len(text), limit)
    return text


def sanitised(value: JsonValue) -> JsonValue:
    """Return content without characters that people cannot see, truncated."""
    match value:
        case str():
            return _sanitised_text(value)
        case list():
            return [sanitised(each) for each in value]
        case dict():
            return {_sanitised_text(name): sanitised(each) for name, each in value.items()}
        case _:
            return value


def _sanitised_text(text: str) -> str:
    start = text[:MAX_TEXT]
    visible = "".join(
        each if each in "\n\t" or unicodedata.category(each)[0] != "C" else "\ufffd"
        for each in start
    )
    rest = len(text) - len(start)
    return f"{visible}… ({rest} more characters)" if rest else visible
