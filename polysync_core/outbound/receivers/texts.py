"""Shortens the texts of runs for notifications, and removes control characters."""

from __future__ import annotations

import re

from polysync_core.domain.runs.failures.details import plain

_SPACES = re.compile(r"\s+")


def one_line(text: str, longest: int) -> str:
    """Return a text on one line, without control characters, cut to a length."""
    line = _SPACES.sub(" ", plain(text)).strip()
    return line if len(line) <= longest else line[: longest - 1] + "…"
