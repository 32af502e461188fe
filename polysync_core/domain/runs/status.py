"""Defines run statuses, the allowed status transitions, and the trigger types of runs.

The module imports nothing heavy, so that the command line can use it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class RunStatus(StrEnum):
    """The status of a run."""

    QUEUED = "Queued"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SKIPPED = "Skipped"

    @property
    def is_terminal(self) -> bool:
        """Return whether the status is final."""
        return not ALLOWED_TRANSITIONS[self]


class TriggerType(StrEnum):
    """The trigger of a run."""

    MANUAL = "Manual"
    SCHEDULE = "Schedule"
    DEPENDENCY = "Dependency"
    BACKFILL = "Backfill"
    MESSAGE = "Message"
    ARRIVAL = "Arrival"


ALLOWED_TRANSITIONS: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset(
        {RunStatus.RUNNING, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.SKIPPED}
    ),
    RunStatus.RUNNING: frozenset(
        {RunStatus.QUEUED, RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED}
    ),
    RunStatus.SUCCEEDED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
    RunStatus.SKIPPED: frozenset(),
}
"""The allowed transitions; a retry goes from `Running` to `Queued`."""

TERMINAL_STATUSES = frozenset(status for status in RunStatus if status.is_terminal)
