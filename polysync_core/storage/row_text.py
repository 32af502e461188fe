"""Splits long texts into several properties of a table row, and joins the parts.

A string property holds 64 KiB of UTF-16, an entity 1 MiB in all
(https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from polysync_core.domain.errors import Invalid, TooLarge

UNITS_PER_PROPERTY = 32_767
MAX_BYTES = 900 * 1024
"""The maximum text of one entity in bytes of UTF-16, with room for keys and other values."""


def utf16_units(text: str) -> int:
    """Return the number of UTF-16 units, which Table Storage counts."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def split_text(name: str, text: str) -> dict[str, str]:
    """Split a text into the properties `name`, `name1`, `name2`, …

    Raises `TooLarge` beyond `MAX_BYTES`, and `Invalid` for half of a surrogate pair, which UTF-8
    cannot encode.
    """
    if 2 * utf16_units(text) > MAX_BYTES:
        raise TooLarge(f"the text is longer than the {MAX_BYTES // 1024} KiB that can be stored")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise Invalid.at("", "the text holds half of a surrogate pair (\\ud800 to \\udfff)")
    return {
        (f"{name}{number}" if number else name): part
        for number, part in enumerate(_parts(text) if text else [""])
    }


def join_text(name: str, values: Mapping[str, object]) -> str | None:
    """Return the text that `split_text` has split, or None if the property is missing."""
    parts: list[str] = []
    while isinstance(part := values.get(f"{name}{len(parts)}" if parts else name), str):
        parts.append(part)
    return "".join(parts) if parts else None


def _parts(text: str) -> Iterator[str]:
    """Cut between characters, so that no surrogate pair is split."""
    start = 0
    while start < len(text):
        part = text[start : start + UNITS_PER_PROPERTY]
        if (excess := utf16_units(part) - UNITS_PER_PROPERTY) > 0:
            part = _shortened(part, excess)
        yield part
        start += len(part)


def _shortened(part: str, excess: int) -> str:
    end = len(part)
    while excess > 0:
        end -= 1
        excess -= 2 if part[end] > "\uffff" else 1
    return part[:end]
