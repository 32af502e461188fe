"""Decides whether and when a failed attempt is retried.

The decision is a pure function of the run, its failure and the time, so repeating it is safe.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from polysync_core.domain.definitions.tasks import Backoff, Retry
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun

INFRASTRUCTURE_CAUSES = frozenset(
    {FailureCause.PLATFORM_UNREACHABLE, FailureCause.LOST, FailureCause.INTERNAL}
)
"""Failures that are not the artefact's fault; `maxInfrastructureAttempts` limits their retries."""
RETRYABLE_CAUSES = INFRASTRUCTURE_CAUSES | {FailureCause.ARTEFACT, FailureCause.TIMEOUT}
"""Other failures would only repeat, or follow from a limit."""

_JITTER = 0.5
"""The largest part of a delay that jitter removes."""


def retry_at(run: TaskRun, failure: Outcome, *, now: datetime) -> datetime | None:
    """Return the earliest time of the next attempt, or None without a retry."""
    if not _may_be_retried(run, failure) or not _within_budget(run, failure):
        return None
    return now + delay_before_retry(run.retry, len(run.attempts), run_id=run.run_id)


def may_ever_retry(retry: Retry) -> bool:
    """Return whether a policy allows more than one try of a run."""
    budgets = (retry.max_retry_attempts, retry.max_infrastructure_attempts or 0)
    return retry.enabled and any(budgets)


def delay_before_retry(retry: Retry, number: int, *, run_id: RunId) -> timedelta:
    """Return the delay before the `number`-th retry of a run, counted from 1."""
    delay = planned_delay(retry, number)
    return delay * (1 - _JITTER * _stable_fraction(run_id, number)) if retry.jitter else delay


def planned_delay(retry: Retry, number: int) -> timedelta:
    """Return the longest delay before the `number`-th retry, without jitter."""
    initial = retry.initial_delay_seconds
    match retry.backoff:
        case Backoff.FIXED:
            planned = initial
        case Backoff.LINEAR:
            planned = initial * number
        case Backoff.EXPONENTIAL:
            planned = initial * 2 ** (number - 1)
    return timedelta(seconds=min(planned, retry.max_delay_seconds))


def _may_be_retried(run: TaskRun, failure: Outcome) -> bool:
    return (
        run.retry.enabled
        and run.cancel_requested is None
        and failure.status is RunStatus.FAILED
        and failure.may_repeat
        and (failure.cause in RETRYABLE_CAUSES or failure.is_outage)
    )


def _within_budget(run: TaskRun, failure: Outcome) -> bool:
    """Return whether the budget of this kind of failure allows a retry."""
    causes = [*(attempt.cause for attempt in run.attempts[:-1]), failure.cause]
    infrastructure = sum(_is_infrastructure(cause) for cause in causes)
    budget = run.retry.max_infrastructure_attempts
    if budget is None:
        return len(causes) <= run.retry.max_retry_attempts
    if _is_infrastructure(failure.cause):
        return infrastructure <= budget
    return len(causes) - infrastructure <= run.retry.max_retry_attempts


def _is_infrastructure(cause: FailureCause | None) -> bool:
    """Return whether a retried failure counts as one of infrastructure.

    `Secret` is retried only after an outage of the vault.
    """
    return cause in INFRASTRUCTURE_CAUSES or cause is FailureCause.SECRET


def _stable_fraction(run_id: RunId, number: int) -> float:
    """Return a number in [0, 1) that is stable for one retry of one run."""
    digest = hashlib.sha256(f"jitter~{run_id}~{number}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
