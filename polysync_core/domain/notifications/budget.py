"""Limits the number of messages to a receiver in a sliding hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Budget:
    """The messages of the last hour: the time of each by its id."""

    sent: Mapping[str, datetime]

    def after(self, message_id: str, *, now: datetime, most: int) -> Budget | None:
        """Return the budget with one more message, or None if the hour is full.

        A repeated message counts once.
        """
        recent = {each: at for each, at in self.sent.items() if at > now - HOUR}
        if message_id in recent:
            return Budget(recent)
        if len(recent) >= most:
            return None
        return Budget({**recent, message_id: now})

    def free_at(self, *, now: datetime, most: int) -> datetime:
        """Return the time at which the hour has room for a message again."""
        recent = sorted(at for at in self.sent.values() if at > now - HOUR)
        return now if len(recent) < most else recent[len(recent) - most] + HOUR
