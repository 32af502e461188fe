"""Task runs as they are stored, listed and owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run as it was read, with the ETag that a change must match."""

    run: TaskRun
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which runs a caller wants to see; None is any."""

    status: RunStatus | None = None
    task: str | None = None
    job: str | None = None
    """The runs of this Job without a Task; None is the runs of Tasks."""
    graph_run_id: RunId | None = None
    limit: int = 20
    continuation_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page[T]:
    """A part of a list; `continuation_token` names the rest, None where there is none."""

    items: Sequence[T]
    continuation_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveRun:
    """An entry of the index of active runs: somebody still has to bring this run to its end."""

    run_id: RunId
    task: str
    graph_run_id: RunId
    shard: str
    queued_at: datetime
    job: str = ""
    """Set for a run of a Job without a Task."""


def owed(run: TaskRun) -> ActiveRun:
    """Return the entry of the index that says of a run that it is active."""
    return ActiveRun(
        run_id=run.run_id,
        task=run.task,
        graph_run_id=run.graph_run_id,
        shard=run.shard,
        queued_at=run.queued_at,
        job="" if run.task else run.job.name,
    )
