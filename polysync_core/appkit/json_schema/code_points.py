"""Defines the character classes of JavaScript regular expressions as sets of code points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

type Ranges = Sequence[tuple[int, int]]

_LAST = 0x10FFFF

DIGITS: Ranges = ((0x30, 0x39),)
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
LINE_ENDS: Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
WHITE_SPACE: Ranges = (
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
)
ALL: Ranges = ((0, _LAST),)
NAMED: dict[str, Ranges] = {"d": DIGITS, "w": WORD, "s": WHITE_SPACE}
"""The classes by the letter after a backslash."""

_WHITE_SPACE_TEXT = "".join(
    chr(code) for first, last in WHITE_SPACE for code in range(first, last + 1)
)


def complement(ranges: Ranges) -> Ranges:
    """Return all other code points; the ranges are ordered."""
    result: list[tuple[int, int]] = []
    start = 0
    for first, last in ranges:
        if first > start:
            result.append((start, first - 1))
        start = last + 1
    if start <= _LAST:
        result.append((start, _LAST))
    return result


def class_of(letter: str) -> Ranges:
    """Return the code points of `\\d`, `\\D`, `\\w`, `\\W`, `\\s` or `\\S`."""
    ranges = NAMED[letter.lower()]
    return complement(ranges) if letter.isupper() else ranges


def class_items(ranges: Iterable[tuple[int, int]]) -> str:
    """Return the inside of a character class."""
    return "".join(
        escaped(first) if first == last else f"{escaped(first)}-{escaped(last)}"
        for first, last in ranges
    )


def escaped(code: int) -> str:
    """Return the escape of one code point, which is valid inside and outside a class."""
    return f"\\U{code:08x}"


def trimmed(text: str) -> str:
    """Return a text without the white space around it, as `trim` of JavaScript does."""
    return text.strip(_WHITE_SPACE_TEXT)


def code_units(text: str) -> str:
    """Return a text with two characters for each surrogate pair, as JavaScript counts them."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    data = text.encode("utf-16-le", "surrogatepass")
    return "".join(
        chr(int.from_bytes(data[at : at + 2], "little")) for at in range(0, len(data), 2)
    )
