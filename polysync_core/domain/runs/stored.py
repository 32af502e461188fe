"""Defines stored runs, lists of runs, and entries of the active index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run with the ETag that a change must match."""

    run: TaskRun
    etag: str
    size: int = 0
    """The length of the stored document in characters; 0 if it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A filter of runs and a page of its result; None matches any value."""

    status: RunStatus | None = None
    task: str | None = None
    job: str | None = None
    """Runs of this Job without a Task; None means runs of Tasks."""
    graph_run_id: RunId | None = None
    limit: int = 20
    continuation_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page[T]:
    """A page of a list; `continuation_token` is None on the last page."""

    items: Sequence[T]
    continuation_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveRun:
    """An entry of the active index: a run that still needs work."""

    run_id: RunId
    task: str | None
    graph_run_id: RunId
    shard: str
    queued_at: datetime
    job: str | None = None
    """Set for a run of a Job without a Task."""

    @classmethod
    def of(cls, run: TaskRun) -> ActiveRun:
        """Return the index entry of a run."""
        return cls(
            run_id=run.run_id,
            task=run.task,
            graph_run_id=run.graph_run_id,
            shard=run.shard,
            queued_at=run.queued_at,
            job=run.job.name if run.task is None else None,
        )
