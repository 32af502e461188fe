"""Traces and metrics of runs, told where a run changes: by the write that has succeeded.

So each change is told once, by whoever has made it, and no use case has to think of it.
"""

from __future__ import annotations

from dataclasses import replace

from polysync_core.application.runs.decorator import RunsAround
from polysync_core.domain.runs.run import Attempt, TaskRun
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.telemetry import names, tracing
from polysync_core.telemetry.instruments import instruments


class ObservedRuns(RunsAround):
    """Stored runs that can be watched; a `Runs` like the one it is made of."""

    def insert(self, run: TaskRun) -> StoredRun | None:
        """Write a new run with its place in a trace; None where the run exists already."""
        with tracing.accepting(run) as place:
            stored = self._runs.insert(replace(run, traceparent=place))
        if stored is not None:
            instruments().runs_accepted.add(1, {names.TRIGGER: run.trigger_type.value})
            _tell_ends(None, stored.run)
        return stored

    def save(self, stored: StoredRun, run: TaskRun) -> StoredRun:
        """Replace a run and tell of what is new; raises as the store does."""
        former, saved = stored.run, self._runs.save(stored, run)
        if len(saved.run.attempts) > len(former.attempts):
            _tell_wait(former, saved.run.attempts[-1])
        _tell_ends(former, saved.run)
        return saved


def _tell_wait(former: TaskRun, attempt: Attempt) -> None:
    """Tell how long an attempt that begins was held up; its back-off does not count."""
    if attempt.begun_at is not None:
        since = max(former.queued_at, former.not_before or former.queued_at)
        waited = (attempt.begun_at - since).total_seconds()
        instruments().run_wait.record(max(0.0, waited), {names.PLATFORM: former.job.platform})


def _tell_ends(former: TaskRun | None, run: TaskRun) -> None:
    """Tell of the attempts and of the run that have ended with a write."""
    known = () if former is None else former.attempts
    over = {attempt.number for attempt in known if attempt.status.is_terminal}
    for attempt in run.attempts:
        if attempt.status.is_terminal and attempt.number not in over:
            _tell_attempt(run, attempt)
    if run.status.is_terminal and (former is None or not former.status.is_terminal):
        _tell_run(run)


def _tell_attempt(run: TaskRun, attempt: Attempt) -> None:
    tracing.tell_attempt(run, attempt)
    if attempt.cause is not None:
        told = {**_kind(run), names.CAUSE: attempt.cause.value}
        instruments().attempt_failures.add(1, told)


def _tell_run(run: TaskRun) -> None:
    tracing.tell_run(run)
    if run.finished_at is not None:
        lasted = (run.finished_at - run.queued_at).total_seconds()
        told = {**_kind(run), names.STATUS: run.status.value}
        instruments().run_duration.record(max(0.0, lasted), told)


def _kind(run: TaskRun) -> dict[str, str]:
    return {names.PLATFORM: run.job.platform, names.JOB_TYPE: run.job.job_type}
