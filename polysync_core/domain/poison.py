"""Defines poison messages: queue messages that could not be processed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

NO_REASON = "The message could not be processed; the log of its function has the cause."
"""The reason of a message that the host moved to the poison queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPoisonMessage:
    """An abandoned message, as the app reads it from a poison queue."""

    message_id: str
    """The queue's own id of the message."""
    payload: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonMessage:
    """An abandoned message that is stored for inspection."""

    id: str
    """The queue's own id of the message."""
    queue: str
    """The original queue of the message."""
    at: datetime
    """The time at which the message was abandoned."""
    reason: str
    payload: str
