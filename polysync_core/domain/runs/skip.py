"""Defines the reason of a skipped run, and the run that is the root cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.status import RunStatus


class SkipKind(StrEnum):
    """The rule that skipped a run."""

    UPSTREAM = "Upstream"
    """The outcome of an upstream does not meet the condition of the dependency."""
    ABANDONED = "Abandoned"
    """Too many outcomes waited in the gate of the Task."""
    INCOMPLETE = "Incomplete"
    """The outcomes of a window were missing when its wait limit passed."""
    TASK_DISABLED = "TaskDisabled"
    MISSED = "Missed"
    """Fire times elapsed without a run."""
    OVERLAP = "Overlap"
    """An earlier run of the Task was active at the fire time."""
    SCHEDULE_PAUSED = "SchedulePaused"
    """The schedule paused itself because its runs fail."""
    SCHEDULE_CHANGED = "ScheduleChanged"
    """The schedule was edited, disabled, paused or removed before the run could start."""
    PAST = "Past"
    """Too many runs of the schedule waited for a run that has not succeeded."""
    ARRIVAL_CHANGED = "ArrivalChanged"
    """The arrival was disabled or removed while it collected events."""
    SHARD_FULL = "ShardFull"
    """The shard held its maximum of waiting runs at the fire time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCause:
    """The run at the beginning of a chain of skipped runs, with its outcome."""

    task: str
    run_id: RunId
    status: RunStatus
    """`Skipped` if the first run of the chain was not skipped by an upstream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """The reason of a skipped run as data."""

    kind: SkipKind
    root: RootCause | None = None
    """Set for the kind `UPSTREAM`."""

    @property
    def is_by_design(self) -> bool:
        """Return whether the branch was skipped on purpose, because its root cause succeeded."""
        return self.root is not None and self.root.status is RunStatus.SUCCEEDED
