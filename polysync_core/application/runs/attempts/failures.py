"""Classifies errors of calls to a platform or vault, and plans the next try."""

from __future__ import annotations

import logging

from polysync_core.domain.errors import (
    Invalid,
    NotFound,
    PlatformRefused,
    PolysyncError,
    Unavailable,
    Uncertain,
    VaultUnavailable,
)
from polysync_core.domain.runs.failures.problem import Failure, ProblemKind, ProblemStep
from polysync_core.domain.runs.polls.plans import delay_after_failure, delay_after_refusal
from polysync_core.domain.runs.run import TaskRun
from polysync_core.platforms.connector import RunNotFound

CALL_FAILURES = (Unavailable, Uncertain, PlatformRefused, Invalid, NotFound)
"""Errors of a call about a run; they concern the platform or its definition, and not the run."""

_log = logging.getLogger(__name__)


def failure_of(step: ProblemStep, error: PolysyncError, run: TaskRun) -> Failure:
    """Return a failed call as the row keeps it."""
    in_vault = isinstance(error, VaultUnavailable)
    target = f"vault {error.vault}" if in_vault else f"platform {run.job.platform}"
    return Failure(step=step, kind=_kind(step, error), target=target, message=error_text(error))


def error_text(error: PolysyncError) -> str:
    """Return an error with the platform's own message, which is free of secrets here."""
    words = error.platform_message
    if not words or words in str(error):
        return str(error)
    return f"{str(error).rstrip('.')}; the platform says: {words}"


def delay_after(run: TaskRun, failure: Failure, error: PolysyncError) -> float:
    """Return the seconds until the next try of a failed call, and log the failure."""
    known = run.problem
    tries = known.tries + 1 if known is not None and known.step is failure.step else 1
    if failure.kind is ProblemKind.REFUSED:
        delay = delay_after_refusal(tries)
    else:
        retry_after = error.retry_after if isinstance(error, Unavailable) else None
        delay = delay_after_failure(tries, retry_after=retry_after)
    _log.warning(
        "A call to the platform failed; it will be retried.",
        extra={
            "action": "platform_call_failed",
            "run_id": run.run_id,
            "platform": run.job.platform,
            "error": str(error),
            "failures": tries,
            "retry_after_seconds": round(delay, 1),
        },
    )
    return delay


def _kind(step: ProblemStep, error: PolysyncError) -> ProblemKind:
    if isinstance(error, RunNotFound):
        return ProblemKind.NOT_FOUND
    if isinstance(error, Uncertain) and step is ProblemStep.SUBMIT:
        return ProblemKind.UNCERTAIN
    if isinstance(error, (Unavailable, Uncertain)):
        return ProblemKind.UNREACHABLE
    return ProblemKind.REFUSED
