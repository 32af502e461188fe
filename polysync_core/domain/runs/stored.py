"""Defines a stored run with ETag, an index entry, and a Task's newest run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import BackfillId, RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run with the ETag that a change must match."""

    run: TaskRun
    etag: str
    size: int = 0
    """The length of the stored document in characters; 0 if it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page[T]:
    """A page of a list; `continuation_token` is None on the last page."""

    items: Sequence[T]
    continuation_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveRun:
    """An entry of the index: a run with the facts by which lists are filtered."""

    run_id: RunId
    task: str | None
    """None for a run of a Job without a Task."""
    graph_run_id: RunId
    shard: str
    queued_at: datetime
    job: str
    platform: str
    trigger_type: TriggerType
    backfill_id: BackfillId | None = None
    status: RunStatus | None = None
    """The outcome; None in an entry from before the end."""
    cause: FailureCause | None = None
    """The cause of a failed run; None in an entry from before the end."""
    scheduled_time: datetime | None = None
    schedule_id: str | None = None
    born: int = 1
    """The `born` of the Task."""
    has_prerequisites: bool = False

    @classmethod
    def of(cls, run: TaskRun) -> ActiveRun:
        """Return the index entry of a run."""
        return cls(
            run_id=run.run_id,
            task=run.task,
            graph_run_id=run.graph_run_id,
            shard=run.shard,
            queued_at=run.queued_at,
            job=run.job.name,
            platform=run.job.platform,
            trigger_type=run.trigger_type,
            backfill_id=run.backfill_id,
            status=run.status if run.status.is_terminal else None,
            cause=failure_cause(run),
            scheduled_time=run.scheduled_time,
            schedule_id=run.schedule_id,
            born=run.born,
            has_prerequisites=bool(run.prerequisites),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHead:
    """The newest run of a Task, in short."""

    run_id: RunId
    graph_run_id: RunId
    task: str
    status: RunStatus
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cause: FailureCause | None
    """The cause of a failed run."""

    @classmethod
    def of(cls, run: TaskRun) -> RunHead:
        """Return the short form of a run; a run without a Task has the name of its Job."""
        return cls(
            run_id=run.run_id,
            graph_run_id=run.graph_run_id,
            task=run.title,
            status=run.status,
            queued_at=run.queued_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            cause=failure_cause(run),
        )


def failure_cause(run: TaskRun) -> FailureCause | None:
    """Return the cause of a failed run, which is that of its last attempt."""
    if run.status is not RunStatus.FAILED or run.attempt is None:
        return None
    return run.attempt.cause
