"""Task runs as they are stored, listed and owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.values import RunStatus, TaskRun


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
    graph_run_id: RunId | None = None
    limit: int = 20
    continuation_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page[T]:
    """A part of a list; `continuation_token` names the rest, None where there is none."""

    items: Sequence[T]
    continuation_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An entry of the index of active runs: somebody still has to bring this run to its end."""

    run_id: RunId
    task: str
    graph_run_id: RunId
    shard: str
    queued_at: datetime
