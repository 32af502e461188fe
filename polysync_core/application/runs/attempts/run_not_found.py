"""Ends an attempt as lost after the platform has denied the run for some time."""

from __future__ import annotations

from datetime import datetime, timedelta

from polysync_core.application.runs.attempts.failures import delay_after, failure_of
from polysync_core.application.runs.attempts.outcomes import lost
from polysync_core.application.runs.attempts.services import AttemptServices
from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.domain.runs.failures.problem import ProblemStep, RunProblem
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.platforms.connector import RunNotFound


def after_denial(
    services: AttemptServices, stored: StoredRun, error: RunNotFound, memo: AttemptMemo
) -> StepResult:
    """Poll again for some time, because a platform may know a new run late; then end it as lost."""
    now = services.clock()
    begun = _first_denial(stored.run.problem) or now
    limit = begun + services.timeouts.lost
    if now >= limit:
        return services.recorder.end(stored, lost)
    failure = failure_of(ProblemStep.POLL, error, stored.run)
    delay = min(delay_after(stored.run, failure, error), _until(limit, now))
    stored = services.record_failure(stored, failure, delay=delay, gives_up=limit)
    return services.poll_after(stored.run, delay, memo)


def _first_denial(problem: RunProblem | None) -> datetime | None:
    return None if problem is None else problem.not_found_since


def _until(limit: datetime, now: datetime) -> float:
    return (limit - now) / timedelta(seconds=1)
