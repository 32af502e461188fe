"""Shortens texts of platforms to one printable line."""

from __future__ import annotations

import unicodedata

LONGEST_MESSAGE = 2000


def shortened_line(text: object, *, limit: int = LONGEST_MESSAGE) -> str | None:
    """Return a platform's text on one line, shortened; None if it is empty or not text."""
    if not isinstance(text, str):
        return None
    shown = "".join(
        character if unicodedata.category(character)[0] != "C" else " "
        for character in text[: limit * 2]
    )
    line = " ".join(shown.split())
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    return line or None
