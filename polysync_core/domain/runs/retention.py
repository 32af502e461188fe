"""Which runs may be forgotten."""

from __future__ import annotations

from datetime import datetime

from polysync_core.domain.runs.run import TaskRun


def is_expired(run: TaskRun, before: datetime) -> bool:
    """Whether a run had ended before a time; one that goes on never expires."""
    ended = run.finished_at or run.queued_at
    return run.status.is_terminal and ended < before
