"""Defines text patterns that filter received events by attribute, such as type or subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from polysync_core.domain.display_text import deceptive_character

MAX_TEXTS = 100
"""The maximum number of texts of one pattern."""
MAX_LENGTH = 2048
"""The maximum length of one text of a pattern."""

_PARTS = ("prefix", "suffix")
_FORMS = "must be a text, a list of texts, or an object with prefix or suffix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The texts that an attribute may have, or its beginning and its end."""

    texts: tuple[str, ...] = ()
    prefix: str = ""
    suffix: str = ""

    def matches(self, value: str) -> bool:
        """Return whether a value has one of the texts, or the beginning and the end."""
        if self.texts:
            return value in self.texts
        return value.startswith(self.prefix) and value.endswith(self.suffix)

    def __str__(self) -> str:
        """Return the pattern as the end of a sentence about a value."""
        if self.texts:
            return " or ".join(f"'{text}'" for text in self.texts)
        parts = [f"begins with '{self.prefix}'"] if self.prefix else []
        parts += [f"ends with '{self.suffix}'"] if self.suffix else []
        return f"a text that {' and '.join(parts)}"


def read_pattern(given: object) -> Pattern:
    """Return the pattern that a text, a list of texts, or an object describes."""
    match given:
        case Pattern():
            return given
        case str():
            return Pattern(texts=(_checked(given),))
        case list() | tuple():
            return Pattern(texts=_texts(cast("list[object]", given)))
        case dict():
            return _edges(cast("Mapping[str, object]", given))
        case _:
            raise ValueError(_FORMS)


def written(pattern: Pattern) -> str | list[str] | dict[str, str]:
    """Return a pattern in its shortest form."""
    if pattern.texts:
        return pattern.texts[0] if len(pattern.texts) == 1 else list(pattern.texts)
    return {name: text for name in _PARTS if (text := cast("str", getattr(pattern, name)))}


def _texts(given: list[object]) -> tuple[str, ...]:
    if not given or len(given) > MAX_TEXTS:
        raise ValueError(f"must have 1 to {MAX_TEXTS} texts")
    return tuple(dict.fromkeys(_checked(each) for each in given))


def _edges(given: Mapping[str, object]) -> Pattern:
    unknown = [name for name in given if name not in _PARTS]
    if unknown:
        raise ValueError(f"has no part '{unknown[0]}': it takes prefix and suffix")
    parts = {name: _checked(text) for name, text in given.items() if text is not None}
    if not parts:
        raise ValueError("needs a prefix or a suffix")
    return Pattern(prefix=parts.get("prefix", ""), suffix=parts.get("suffix", ""))


def _checked(text: object) -> str:
    if not isinstance(text, str):
        raise ValueError(_FORMS)  # noqa: TRY004 - pydantic reports values
    if not 1 <= len(text) <= MAX_LENGTH:
        raise ValueError(f"each text must have 1 to {MAX_LENGTH} characters")
    found = deceptive_character(text)
    if found is not None:
        raise ValueError(f"holds {found}, which changes how the text is shown: remove it")
    return text


_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH}

type Expected = Annotated[
    Pattern,
    PlainValidator(read_pattern),
    PlainSerializer(written),
    WithJsonSchema(
        {
            "anyOf": [
                _TEXT,
                {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MAX_TEXTS},
                {
                    "type": "object",
                    "properties": {"prefix": _TEXT, "suffix": _TEXT},
                    "additionalProperties": False,
                    "minProperties": 1,
                },
            ]
        }
    ),
]
"""The expected value of an attribute: a text, a list of texts, or a prefix and a suffix."""
