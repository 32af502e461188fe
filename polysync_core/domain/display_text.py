"""Finds and escapes deceptive characters: invisible, control and text-direction characters.

Marks of direction turn the text around them, tags and zero-width characters are invisible, and
control characters command a terminal. A name with such a character looks like another name.
"""

from __future__ import annotations

import unicodedata

_DECEPTIVE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
"""Zero-width (non-)joiners, which Persian, Indic scripts and emoji need."""
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters of Hangul that are shown as nothing."""
_LINES = frozenset("\n\t")
_TAGS = range(0xE0000, 0xE1000)


def deceptive_character(text: str, *, lines: bool = False) -> str | None:
    """Return the first deceptive character as U+XXXX, or None; `lines` allows line breaks."""
    if text.isascii() and text.isprintable():
        return None
    for character in text:
        if is_deceptive(character) and not (lines and character in _LINES):
            return f"U+{ord(character):04X}"
    return None


def is_deceptive(character: str) -> bool:
    """Return whether a character changes how other text is shown."""
    if character in _JOINERS:
        return False
    is_invisible = character in _FILLERS or ord(character) in _TAGS
    return is_invisible or unicodedata.category(character) in _DECEPTIVE


def escaped(text: str) -> str:
    r"""Return a text with every deceptive character as `\u202e`; line breaks and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escape(each) if is_deceptive(each) and each not in _LINES else each for each in text
    )


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
