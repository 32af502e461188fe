"""Defines the kinds of deadlines, and the causes of missed deadlines."""

from __future__ import annotations

from enum import StrEnum


class DeadlineKind(StrEnum):
    """The field of the expectation that a run did not meet."""

    LATE = "Late"
    """`finishedBy`: the run had not succeeded in time."""
    MISSING = "Missing"
    """`startedWithinSeconds`: the run had not started in time."""
    SLOW = "Slow"
    """`durationWithin`: the attempt took longer than is normal."""


class DeadlineChange(StrEnum):
    """A change that is reported."""

    MISSED = "Missed"
    RECOVERED = "Recovered"
    """The run succeeded, or started, after its deadline."""


class MissCause(StrEnum):
    """The state of the run when its deadline passed."""

    NOT_CREATED = "NotCreated"
    """No run of the fire time exists."""
    SCHEDULE_PAUSED = "SchedulePaused"
    WAITING_FOR_UPSTREAM = "WaitingForUpstream"
    HELD = "Held"
    WAITING = "Waiting"
    """The run is queued: it waits for a limit, or for its next attempt."""
    RUNNING = "Running"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SKIPPED = "Skipped"
    TOO_LATE = "TooLate"
    """The run succeeded, or started, between the deadline and its check."""
    NOT_EXAMINED = "NotExamined"
    """The deadline passed while no host was running, before the newest ones."""
