"""Marks late and slow runs, and computes the time from which an attempt is slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from polysync_core.domain.deadlines.expectation import RelativeLimit
from polysync_core.domain.deadlines.judging import Miss
from polysync_core.domain.deadlines.kinds import DeadlineChange, DeadlineKind
from polysync_core.domain.runs.run import (
    SYSTEM_ACTOR,
    MissedDeadline,
    TaskRun,
    deadline_note,
    with_entry,
)

MIN_JUDGED_RUNS = 5
"""With fewer earlier successes, a limit relative to them judges nothing."""
MAX_MARKS = 10
"""The marks of one run; a run may miss the deadlines of several days."""


def longest_normal(limit: int | str | None, past: Sequence[float]) -> float | None:
    """Return the longest normal duration in seconds; None if nothing can be judged.

    `past` holds the durations of the Task's newest successful attempts.
    """
    if limit is None or isinstance(limit, int):
        return limit
    relative = RelativeLimit.parse(limit)
    if relative is None or len(past) < MIN_JUDGED_RUNS:
        return None
    ordered = sorted(past)
    rank = ceil(relative.percentile / 100 * len(ordered))
    return ordered[rank - 1] * relative.factor


def slow_at(
    run: TaskRun, longest: float | None, *, since: datetime | None = None
) -> datetime | None:
    """Return the time from which the attempt under way is slow; None without a judgement.

    The duration counts from the submit, or from `since` if the platform has not answered it.
    """
    since = (run.attempt and run.attempt.submitted_at) or since
    if since is None or longest is None or run.slow_deadline is not None:
        return None
    return since + timedelta(seconds=longest)


def with_slow_mark(run: TaskRun, deadline: datetime, longest: float, *, at: datetime) -> TaskRun:
    """Return the run with the mark that its attempt takes longer than normal."""
    if run.slow_deadline is not None or run.status.is_terminal:
        return run
    limit = "" if isinstance(run.duration_within, int) else f" ({run.duration_within})"
    reason = (
        f"The attempt takes longer than {longest:g} seconds, its longest normal duration{limit}."
    )
    mark = MissedDeadline(kind=DeadlineKind.SLOW, at=deadline, noticed_at=at)
    marked = replace(run, missed_deadlines=(*run.missed_deadlines, mark))
    return deadline_note(marked, reason, DeadlineChange.MISSED, at=at)


def with_mark(run: TaskRun, miss: Miss) -> TaskRun:
    """Return the run with the mark of a missed deadline; a repeated mark changes nothing."""
    mark = MissedDeadline(kind=miss.kind, at=miss.at, noticed_at=miss.reported_at)
    known = {(each.kind, each.at) for each in run.missed_deadlines}
    if (mark.kind, mark.at) in known or len(known) >= MAX_MARKS:
        return run
    marked = replace(run, missed_deadlines=(*run.missed_deadlines, mark))
    if run.status.is_terminal:
        # The last line of an ended run is its end.
        return marked
    verb = "started" if miss.kind is DeadlineKind.MISSING else "succeeded"
    reason = f"The run had not {verb} by its deadline, {miss.at:%Y-%m-%dT%H:%M:%SZ}."
    return with_entry(marked, run.status, reason, at=miss.reported_at, actor=SYSTEM_ACTOR)
