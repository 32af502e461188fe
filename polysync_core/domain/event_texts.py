"""Shortens the texts and tags of run events, to fit an event into a message."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

_TAGS_BYTES = 8 * 1024
"""The size limit of all tags; further tags are left out. With the limits of the texts and those of
names, an event stays below the 48 KiB of a queue message in any encoding."""


def cut(text: str, longest: int) -> str:
    """Return a text of at most some characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def fitting_tags(tags: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the first tags that fit into an event."""
    left = _TAGS_BYTES
    for name, value in tags.items():
        left -= len(json.dumps([name, value]))
        if left < 0:
            return
        yield name, value
