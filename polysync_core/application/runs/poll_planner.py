"""Plans the next status poll from the job type and the durations of past runs."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.application.platforms.connections import Connections
from polysync_core.application.ports import RunReader
from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.clock import Clock
from polysync_core.domain.deadlines.marks import MIN_JUDGED_RUNS, longest_normal
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.polls.learning import MAX_PAST_RUNS, MIN_PAST_RUNS, RunEnd, learned
from polysync_core.domain.runs.polls.plans import at_least
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.platforms.connector import ProviderStatus, Report

HISTORY_TTL = 600.0
"""Seconds for which the ends seen by other instances of the app may be missing."""
RETRY_SECONDS = 60.0
"""Seconds before the next read after a failed one."""
MAX_HISTORIES = 1000
"""Tasks and Jobs in the cache; the least recently used one is evicted."""
_MIN_AGE_TO_READ = 2.0
"""The age from which past runs are read; for shorter runs the read costs more than it saves."""
_MAX_PAGES = 4
"""Pages of `MAX_PAST_RUNS` runs to read where few of the newest runs succeeded."""

_log = logging.getLogger(__name__)

type _Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPlanner:
    """Plans the next poll of an attempt."""

    connections: Connections
    durations: DurationHistory
    clock: Clock

    def next_delay(
        self, run: TaskRun, memo: AttemptMemo, *, retry_after: float | None
    ) -> tuple[float, AttemptMemo]:
        """Return the seconds until the next poll, and the updated memo.

        The delay is at least what the platform asks for by `retry_after`.
        """
        age, past = self._age(run, memo), memo.past
        if past is None:
            may_read = age >= _MIN_AGE_TO_READ
            past = self.durations.of(run, read=may_read)
            # Durations from the cache may be old or too few, so a young run does not keep them.
            memo = replace(memo, past=past if may_read else None)
        if memo.normal is None:
            memo = replace(memo, normal=self.longest_normal(run))
        plan = learned(self.connections.plan(run.job), past or ())
        return at_least(plan.delay(age), retry_after), memo

    def longest_normal(self, run: TaskRun) -> float | None:
        """Return the longest normal duration of the attempt; None if nothing can be judged.

        The past runs are those of the Task that this process knows; the storage is not asked.
        """
        own = self.durations.own(run) if isinstance(run.duration_within, str) else ()
        return longest_normal(run.duration_within, [each.by for each in own])

    def record_end(self, run: TaskRun, report: Report) -> None:
        """Add the end of the attempt under way to the history of its Task."""
        attempt = run.attempt
        if attempt is not None and report.status is ProviderStatus.SUCCESS:
            end = observed_end(attempt.submitted_at, report.finished_at, self.clock())
            self.durations.add(run, end)

    def _age(self, run: TaskRun, memo: AttemptMemo) -> float:
        """Return the seconds since the submit.

        The age is at least the time already waited, even if the clock was set back.
        """
        attempt = run.attempt
        if attempt is None or attempt.submitted_at is None:
            return memo.waited
        return max((self.clock() - attempt.submitted_at).total_seconds(), memo.waited)


@dataclass(frozen=True, slots=True)
class _CachedHistory:
    past: tuple[RunEnd, ...] | None
    """None until the history is read."""
    read_again_at: float
    """On the monotonic clock."""


class DurationHistory:
    """Caches the durations of past runs, by Task or Job; safe to share between threads.

    Ends that this process sees are added at once. During a read, or after a failed one, callers get
    the cached value: no caller waits for another one's read.
    """

    def __init__(
        self,
        runs: RunReader,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        max_histories: int = MAX_HISTORIES,
    ) -> None:
        self._runs = runs
        self._monotonic = monotonic
        self._max_histories = max_histories
        self._cache: OrderedDict[_Key, _CachedHistory] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, run: TaskRun, *, read: bool) -> tuple[RunEnd, ...] | None:
        """Return the ages at which the Task's newest successful runs ended; None if unknown.

        Without `read`, the storage is not asked and the answer may be older than `HISTORY_TTL`. A
        Task without successful runs is expected to last as long as other Tasks of its Job.
        """
        past = self._own(run, read=read)
        if past:
            return past
        with self._lock:
            cached = self._cache.get(_key_of_artefact(run))
        return past if cached is None else cached.past

    def own(self, run: TaskRun) -> tuple[RunEnd, ...]:
        """Return the known ages at which the newest successful runs of the Task ended."""
        return self._own(run, read=False) or ()

    def _own(self, run: TaskRun, *, read: bool) -> tuple[RunEnd, ...] | None:
        key, now = _key(run), self._monotonic()
        with self._lock:
            cached = self._cache.get(key, _CachedHistory(None, now))
            before = cached.past
            if not read or now < cached.read_again_at:
                if key in self._cache:
                    self._cache.move_to_end(key)
                return before
            # During this read, other callers get the previous value.
            self._put(key, _CachedHistory(before, now + RETRY_SECONDS))
        past = self._read(run)
        if past is None:
            return before
        with self._lock:
            self._put(key, _CachedHistory(past, now + HISTORY_TTL))
        return past

    def add(self, run: TaskRun, end: RunEnd | None) -> None:
        """Add the end of a run that this process saw succeed."""
        if end is None:
            return
        with self._lock:
            for key in (_key(run), _key_of_artefact(run)):
                cached = self._cache.get(key, _CachedHistory(None, self._monotonic()))
                newest = (end, *(cached.past or ()))[:MAX_PAST_RUNS]
                self._put(key, replace(cached, past=newest))

    def _put(self, key: _Key, history: _CachedHistory) -> None:
        self._cache[key] = history
        self._cache.move_to_end(key)
        if len(self._cache) > self._max_histories:
            self._cache.popitem(last=False)

    def _read(self, run: TaskRun) -> tuple[RunEnd, ...] | None:
        try:
            return self._newest(run)
        except Exception:
            # Polling must go on if storage fails or a row of another release cannot be read.
            _log.warning(
                "The durations of past runs could not be read; the plan of the job type is used.",
                extra={"action": "durations_unread", "run_id": run.run_id, "task": run.task},
                exc_info=True,
            )
            return None

    def _newest(self, run: TaskRun) -> tuple[RunEnd, ...]:
        found: list[RunEnd] = []
        token: str | None = None
        for _ in range(_MAX_PAGES):
            page = self._runs.page(
                Listing(
                    task=run.task,
                    job=run.job.name if run.task is None else None,
                    without_task=run.task is None,
                    limit=MAX_PAST_RUNS,
                    continuation_token=token,
                )
            )
            found += _ends(page.items)
            token = page.continuation_token
            if token is None or len(found) >= _wanted(run):
                break
        return tuple(found[:MAX_PAST_RUNS])


def _wanted(run: TaskRun) -> int:
    """Return the number of successful runs that suffices."""
    return MIN_JUDGED_RUNS if isinstance(run.duration_within, str) else MIN_PAST_RUNS


def observed_end(
    submitted_at: datetime | None, finished_at: datetime | None, seen_at: datetime
) -> RunEnd | None:
    """Return the age at which an attempt ended; None if the times say nothing about it.

    The platform's own end time is exact. Without one, the time of the poll that saw the end is the
    latest possible end.
    """
    if submitted_at is None:
        return None
    seen = (seen_at - submitted_at).total_seconds()
    if seen <= 0:
        return None
    reported = seen if finished_at is None else (finished_at - submitted_at).total_seconds()
    exact = 0 < reported < seen
    return RunEnd(by=round(reported if exact else seen, 2), exact=exact)


def _ends(runs: Sequence[TaskRun]) -> list[RunEnd]:
    ends = [_end(run) for run in runs if run.status is RunStatus.SUCCEEDED]
    return [end for end in ends if end is not None]


def _end(run: TaskRun) -> RunEnd | None:
    attempt = run.attempt
    if attempt is None or run.finished_at is None:
        return None
    return observed_end(attempt.submitted_at, attempt.finished_at, run.finished_at)


def _key(run: TaskRun) -> _Key:
    return ("job", run.job.name) if run.task is None else ("task", run.task)


def _key_of_artefact(run: TaskRun) -> _Key:
    """Return the key of all runs of a Job that this process has seen; it is never read."""
    return "artefact", run.job.name
