"""Messages that were given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
