"""Groups failed runs by Task, cause and error."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun

_MAX_RUNS = 100
"""The maximum number of runs that a group names."""
_MAX_COMPARED = 300
"""The length of the start of an error that groups compare."""
_CHANGING = re.compile(r"\b(?=[0-9a-z-]*[0-9])[0-9a-z-]{6,}\b|[0-9]+", re.IGNORECASE)
"""Numbers, ids and times, which differ between failures of one kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Failed runs of one Task or Job that have one cause and one error."""

    task: str | None
    job: str
    platform: str
    cause: FailureCause | None
    error: str
    """The error of the newest run."""
    count: int
    first_at: datetime
    """The acceptance of the oldest run."""
    last_at: datetime
    """The acceptance of the newest run."""
    run_ids: tuple[RunId, ...]
    """The newest runs of the group, at most a hundred."""


def grouped(runs: Iterable[TaskRun]) -> list[FailureGroup]:
    """Return the groups of failed runs, the largest first; the runs are newest first."""
    found: dict[tuple[str | None, str, FailureCause | None, str], list[TaskRun]] = {}
    for run in runs:
        cause = None if run.attempt is None else run.attempt.cause
        key = (run.task, run.job.name, cause, _kind_of_error(error_of(run)))
        found.setdefault(key, []).append(run)
    groups = [_group(each) for each in found.values()]
    return sorted(groups, key=lambda group: (-group.count, -group.last_at.timestamp()))


def error_of(run: TaskRun) -> str:
    """Return the error of a failed run, which is that of its last attempt."""
    error = None if run.attempt is None else run.attempt.error
    return error or run.reason


def _group(runs: list[TaskRun]) -> FailureGroup:
    newest = runs[0]
    return FailureGroup(
        task=newest.task,
        job=newest.job.name,
        platform=newest.job.platform,
        cause=None if newest.attempt is None else newest.attempt.cause,
        error=error_of(newest),
        count=len(runs),
        first_at=runs[-1].queued_at,
        last_at=newest.queued_at,
        run_ids=tuple(run.run_id for run in runs[:_MAX_RUNS]),
    )


def _kind_of_error(error: str) -> str:
    """Return an error without the parts that differ between failures of one kind."""
    return _CHANGING.sub("#", error[:_MAX_COMPARED])
