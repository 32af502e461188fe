"""Defines a stored backfill (runs for past fire times): request, runs and progress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from polysync_core.domain.runs.identity import BackfillId, RunId
from polysync_core.domain.runs.status import RunStatus


class BackfillOrder(StrEnum):
    """The order in which the runs of a backfill start."""

    OLDEST_FIRST = "OldestFirst"
    NEWEST_FIRST = "NewestFirst"


class Redo(StrEnum):
    """The runs of a backfill that run again."""

    FAILED = "failed"
    """The fire times whose newest run failed, was cancelled or was skipped by a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRecord:
    """A backfill as it was requested; a repeated request continues it."""

    backfill_id: BackfillId
    task: str
    schedule: str
    begin: datetime
    end: datetime
    requested_at: datetime
    requested_by: str
    order: BackfillOrder
    max_concurrent_runs: int | None
    run_ids: tuple[RunId, ...]
    """The runs of all fire times of the range, oldest fire time first."""
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillProgress:
    """A backfill with the statuses of its runs."""

    record: BackfillRecord
    counts: Mapping[RunStatus, int]

    @property
    def is_done(self) -> bool:
        """True if every run has ended."""
        return all(status.is_terminal for status, count in self.counts.items() if count)


def progress_of(record: BackfillRecord, statuses: Iterable[RunStatus]) -> BackfillProgress:
    """Return the progress of a backfill."""
    counts = Counter(statuses)
    return BackfillProgress(record=record, counts={each: counts[each] for each in RunStatus})
