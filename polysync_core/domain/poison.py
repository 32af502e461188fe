"""Messages that were given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

NO_REASON = "It could not be handled; the log of its function tells why."
"""The reason where the host has given a message up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """What a message in a poison queue says."""

    message_id: str
    """The queue's own id of the message."""
    payload: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonMessage:
    """A message that nobody could handle, kept for a person to look at."""

    id: str
    """The queue's own id of the message."""
    queue: str
    """The queue that it was meant for."""
    at: datetime
    """When it was given up."""
    reason: str
    payload: str
