"""Finds the Polysync command in the input line that a shell completes."""

from __future__ import annotations

import os

_ACTIVE = "_POLYSYNC_COMPLETE"
_LINES = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")
_MIN_WORDS = 2
"""The program and its command; in a shorter line, the command itself is completed."""


def is_completion() -> bool:
    """Return whether a shell asks for the completion of a line."""
    return os.environ.get(_ACTIVE, "").startswith("complete_")


def completed_command() -> str | None:
    """Return the command whose arguments are completed; None for anything else."""
    if not is_completion():
        return None
    line = next((os.environ[name] for name in _LINES if name in os.environ), "")
    words = line.split()
    is_complete = len(words) > _MIN_WORDS or (len(words) == _MIN_WORDS and line[-1:].isspace())
    return words[1] if is_complete else None
