"""Defines the stored records of deadlines: states with ETags, due entries and reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.deadlines.judging import Miss
from polysync_core.domain.deadlines.state import DeadlineState


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDeadlines:
    """A state as it was read, with the ETag that a write compares."""

    state: DeadlineState
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDeadlines:
    """A Task whose deadlines are due for a check."""

    task: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineReport:
    """A missed deadline in the list of all Tasks."""

    task: str
    miss: Miss
    recovered_at: datetime | None = None
