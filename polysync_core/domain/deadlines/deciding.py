"""Decides which deadlines of a Task were missed, and which missed ones have recovered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from polysync_core.domain.deadlines.judging import Facts, Miss, is_recovered, judge, summary
from polysync_core.domain.deadlines.state import (
    DeadlineResult,
    DeadlineState,
    Decision,
    outdated,
)
from polysync_core.domain.deadlines.times import Deadline, Elapsed
from polysync_core.domain.definitions.tasks import Task

MAX_REPORTED = 10
"""The misses that one check reports one by one; one summary counts the older ones."""


def decide(
    task: Task,
    state: DeadlineState,
    passed: Elapsed,
    facts_of: Callable[[Deadline | Miss], Facts],
    *,
    now: datetime,
) -> Decision:
    """Return the results of the deadlines that have passed, and the recovered misses."""
    judged = [
        DeadlineResult(kind=each.kind, at=each.at, miss=judge(task, each, facts_of(each), now=now))
        for each in passed.deadlines
    ]
    judged = _summarised(task, judged, passed, now)
    old = outdated(state.open, now=now)
    return Decision(
        at=now,
        watermark=now,
        results=tuple(judged),
        recovered=tuple(
            each for each in state.open if each not in old and is_recovered(each, facts_of(each))
        ),
        given_up=old,
    )


def _summarised(
    task: Task, judged: list[DeadlineResult], passed: Elapsed, now: datetime
) -> list[DeadlineResult]:
    """Replace the misses before the newest ones by one summary."""
    missed = [each for each in judged if each.miss is not None]
    rest = missed[: max(0, len(missed) - MAX_REPORTED)]
    count = passed.older + len(rest)
    until = rest[-1].at if rest else passed.older_until
    if not count or until is None:
        return judged
    miss = summary(task, count, until, now=now)
    first = DeadlineResult(kind=miss.kind, at=miss.at, miss=miss)
    return [first, *(each for each in judged if each not in rest)]
