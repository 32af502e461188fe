"""Defines the storage interface for waiting notifications, hourly limits and failure streaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from polysync_core.domain.notifications.budget import Budget
from polysync_core.domain.notifications.notices import Notice
from polysync_core.domain.notifications.streaks import FailureStreak

HELD = "Held"
"""The group of the notices that were held back, which a summary joins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNotice:
    """A notice that waits for its message."""

    key: str
    notice: Notice
    added_at: datetime


class NotificationStore(Protocol):
    """Stores waiting notices; every call may raise `Unavailable`."""

    def add(self, receiver: str, notice: Notice, *, at: datetime) -> None:
        """Add a notice to its group, unless it was ever added before."""
        ...

    def waiting(self, receiver: str, group: str, *, limit: int) -> Sequence[StoredNotice]:
        """Return the first waiting notices of a group, oldest first."""
        ...

    def remove(self, receiver: str, notices: Sequence[StoredNotice]) -> None:
        """Remove notices whose message was accepted."""
        ...

    def hold(self, receiver: str, notices: Sequence[StoredNotice]) -> None:
        """Move notices to the group `HELD`."""
        ...

    def change_budget(self, receiver: str, change: Callable[[Budget], Budget | None]) -> Budget:
        """Change the budget of a receiver by compare-and-set; return the one after it.

        A change to None keeps the budget.
        """
        ...

    def streak(self, receiver: str, task: str) -> FailureStreak | None:
        """Return the failures of a Task that a receiver was notified of."""
        ...

    def change_streak(
        self, receiver: str, task: str, change: Callable[[FailureStreak | None], FailureStreak]
    ) -> FailureStreak:
        """Change the streak of a Task by compare-and-set; return the one after it."""
        ...
