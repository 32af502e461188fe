"""Defines the errors that end a CLI command, such as an unreadable definitions file."""

from __future__ import annotations

from polysync.errors import PolysyncError

CommandFailed = PolysyncError
"""The command failed; the message and its details say why."""


class BadDocument(CommandFailed):
    """A definitions file cannot be read."""
