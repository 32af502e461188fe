"""The states of schedules as they are stored and found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.schedules.state import ScheduleState


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSchedule:
    """A state as it was read, with the ETag that a change must match."""

    state: ScheduleState
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A schedule that is to be looked at now."""

    task: str
    schedule: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """That the schedules of a Task are to be brought in line with its definition."""

    task: str
    token: str
    """Tells two edits of one Task apart."""
    at: datetime
