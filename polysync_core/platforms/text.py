"""Shortens texts that platforms return, and removes secret keys from URLs."""

from __future__ import annotations

import re
import unicodedata

from polysync_core.domain.json_types import JsonValue

LONGEST_MESSAGE = 2000

_DEEPEST = 100
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
_KEY = re.compile(
    r"(?<=[?&;])(?:code|sig|(?:[a-z0-9._-]{0,64}[_-])?(?:(?:api|function)?key|signature|token|secret"
    r"|password|credential))=[^&#;]*&?",
    re.IGNORECASE,
)
"""A query parameter with a key of Azure Functions, a signature, a token or a password."""


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


def without_keys(value: JsonValue, depth: int = 0) -> JsonValue:
    """Return a value whose addresses have lost their keys and signatures.

    A value that is nested too deeply to be searched becomes `…`.
    """
    match value:
        case str():
            return without_keys_in_text(value)
        case list() | dict() if depth == _DEEPEST:
            return "…"
        case list():
            return [without_keys(each, depth + 1) for each in value]
        case dict():
            return {name: without_keys(each, depth + 1) for name, each in value.items()}
        case _:
            return value


def without_keys_in_text(text: str) -> str:
    """Return a text whose addresses have lost their keys and signatures."""
    if "://" not in text:
        return text
    return _ADDRESS.sub(lambda found: _without_key(found[0]), text)


def _without_key(address: str) -> str:
    cleaned = _KEY.sub("", address)
    return address if cleaned == address else cleaned.rstrip("?&")
