"""Decides which ended runs are old enough to delete."""

from __future__ import annotations

from datetime import datetime

from polysync_core.domain.runs.run import TaskRun


def is_expired(run: TaskRun, before: datetime) -> bool:
    """Return whether a run ended before a time; an active run never expires."""
    ended = run.finished_at or run.queued_at
    return run.status.is_terminal and ended < before
