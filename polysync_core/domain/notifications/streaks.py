"""Tracks the consecutive failures of a Task that were notified, until the next success."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureStreak:
    """The failures of a Task since its last success."""

    since: datetime
    """The first failure."""
    last: datetime
    """The newest failure."""
    run_id: str
    """The run of the first failure."""
    recovered_at: datetime | None = None
    """The success that ended the streak; None while it lasts."""

    def is_ended_by(self, success: datetime) -> bool:
        """Return whether a success ends the streak; an older success does not."""
        return self.recovered_at is None and success > self.last

    def ended(self, success: datetime) -> FailureStreak:
        """Return the streak after its end."""
        return replace(self, recovered_at=success)


def after_failure(streak: FailureStreak | None, *, at: datetime, run_id: str) -> FailureStreak:
    """Return the streak after a failure; a repeated event changes nothing."""
    if streak is None:
        return FailureStreak(since=at, last=at, run_id=run_id)
    if streak.recovered_at is None:
        return replace(streak, last=max(streak.last, at))
    if at <= streak.recovered_at:
        return streak
    return FailureStreak(since=at, last=at, run_id=run_id)
