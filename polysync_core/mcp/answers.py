"""What a tool answers: compact JSON of bounded size, in which foreign text is marked as data."""

from __future__ import annotations

import json
import unicodedata

from polysync_core.domain.json_types import JsonObject, JsonValue

LONGEST_TEXT = 2_000
"""Of a text that somebody else wrote, in characters; the API has the whole of it."""
LONGEST_ANSWER = 60_000
"""Of a whole answer, in characters; a model pays for each of them."""

UNTRUSTED = "untrusted"
"""The field around what came from a platform or was written by people: data, never instructions."""


class AnswerTooLong(Exception):
    """The answer is longer than a model can use."""

    def __init__(self, length: int, most: int) -> None:
        super().__init__(
            f"The answer would have {length} characters, more than {most}: ask for fewer items by "
            "limit, or for one of them."
        )


def untrusted(value: JsonValue) -> JsonValue:
    """Return foreign content in its wrapper, cut to size; nothing stays nothing."""
    return None if value in (None, "", [], {}) else {UNTRUSTED: shown(value)}


def compact(content: JsonObject) -> JsonObject:
    """Return an object without the fields that say nothing."""
    return {name: value for name, value in content.items() if value not in (None, "", [], {})}


def items_of(content: JsonObject, field: str) -> list[JsonObject]:
    """Return the objects of a list in an answer of the API."""
    listed = content.get(field)
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def written(content: JsonObject) -> str:
    """Return the text of an answer, or raise `AnswerTooLong`."""
    return bounded(json.dumps(content, ensure_ascii=False, separators=(",", ":")), LONGEST_ANSWER)


def bounded(text: str, most: int) -> str:
    """Return a text that has at most so many characters, or raise `AnswerTooLong`."""
    if len(text) > most:
        raise AnswerTooLong(len(text), most)
    return text


def shown(value: JsonValue) -> JsonValue:
    """Return content without what people do not see and a model still reads, cut to size."""
    match value:
        case str():
            return _shown_text(value)
        case list():
            return [shown(each) for each in value]
        case dict():
            return {_shown_text(name): shown(each) for name, each in value.items()}
        case _:
            return value


def _shown_text(text: str) -> str:
    cut = text[:LONGEST_TEXT]
    seen = "".join(
        each if each in "\n\t" or unicodedata.category(each)[0] != "C" else "\ufffd" for each in cut
    )
    rest = len(text) - len(cut)
    return f"{seen}… ({rest} more characters)" if rest else seen
