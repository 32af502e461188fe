"""Defines stored schedule states, entries for due schedules and records of Task edits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.schedules.state import ScheduleState


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSchedule:
    """A state as it was read, with the ETag that a write compares."""

    state: ScheduleState
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A schedule that is due."""

    task: str
    schedule: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The record that a Task is being edited, so its schedules need a sync."""

    task: str
    token: str
    """Distinguishes two edits of one Task."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleSchedule:
    """A schedule that will not fire in its present state: paused, disabled or at its end."""

    task: str
    schedule: str
