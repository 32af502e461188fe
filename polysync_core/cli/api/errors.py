"""Defines the errors that end a command; those of requests belong to the Python client."""

from __future__ import annotations

from polysync.errors import PolysyncError

CommandFailed = PolysyncError
"""The command failed; the message and its details say why."""


class BadDocument(CommandFailed):
    """A definitions file cannot be read."""
