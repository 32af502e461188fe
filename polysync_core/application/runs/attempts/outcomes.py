"""Builds the outcomes of attempts that end without a platform report, such as time-outs."""

from __future__ import annotations

from dataclasses import replace

from polysync_core.application.runs.attempts.failures import error_text
from polysync_core.application.runs.attempts.services import Timeouts
from polysync_core.application.runs.finishing import (
    failure,
    in_words,
    is_timed_out,
    with_hint_to_check,
)
from polysync_core.domain.errors import PolysyncError, VaultUnavailable
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus, TaskRun


def cancelled_before_submit(run: TaskRun, hint: str | None = None) -> Outcome:
    """Return the outcome of a run that was cancelled before its platform confirmed the start.

    `hint` is the reason why the platform may know the run; None if it cannot know the run.
    """
    attempt = run.attempt
    if attempt is None or not attempt.may_be_sent:
        return Outcome(
            status=RunStatus.CANCELLED, reason="Cancelled before the platform started the run."
        )
    message = with_hint_to_check(f"Cancelled. {hint or ''}".strip(), True)
    return Outcome(status=RunStatus.CANCELLED, reason=message, error=message)


def submit_failed(run: TaskRun, cause: FailureCause, message: str, *, may_run: bool) -> Outcome:
    """Return the outcome of an attempt whose submit was refused or may be lost."""
    if run.cancel_requested is not None:
        return cancelled_before_submit(run, message)
    return failure(cause, with_hint_to_check(message, may_run), may_repeat=not may_run)


def with_platform_answer(outcome: Outcome, error: PolysyncError) -> Outcome:
    """Return the outcome with the platform's answer to the submit."""
    return replace(outcome, answer=error.platform_answer)


def submit_timed_out(run: TaskRun, error: PolysyncError, timeouts: Timeouts) -> Outcome:
    """Return the outcome of an attempt that could not be submitted in time.

    A vault that does not answer is the cause, unless the platform may know the attempt.
    """
    attempt = run.attempt
    may_run = attempt is None or attempt.may_be_sent
    if run.cancel_requested is not None:
        period = in_words(timeouts.cancel)
        return cancelled_before_submit(
            run, f"It was unknown for {period} if the submit arrived; last error: {_ended(error)}"
        )
    in_vault = isinstance(error, VaultUnavailable)
    cause = FailureCause.PLATFORM_UNREACHABLE
    if in_vault and not may_run:
        cause = FailureCause.SECRET
    what = "could not be asked to start the run" if in_vault else "gave no answer to the submit"
    message = f"The platform {what} for {in_words(timeouts.submit)}; last error: {_ended(error)}"
    outcome = failure(cause, with_hint_to_check(message, may_run), may_repeat=not may_run)
    return replace(outcome, is_outage=True)


def unconfirmed_stop(run: TaskRun, timeouts: Timeouts) -> Outcome:
    """Return the outcome of a run whose platform never confirmed the stop."""
    period, attempt, problem = in_words(timeouts.cancel), run.attempt, run.problem
    if attempt is not None and attempt.stop_accepted is not None:
        reason = f"The platform did not confirm within {period} that the run has stopped"
    else:
        reason = f"The platform could not be asked within {period} to stop the run"
    last = f"; last: {problem.message}." if problem is not None else "."
    unconfirmed = with_hint_to_check(reason + last, True)
    if is_timed_out(run):
        message = (
            f"The execution time-out of {run.execution_timeout_seconds} seconds is over. "
            f"{unconfirmed}"
        )
        return failure(FailureCause.TIMEOUT, message)
    message = f"Cancelled. {unconfirmed}"
    return Outcome(status=RunStatus.CANCELLED, reason=message, error=message)


def lost(run: TaskRun) -> Outcome:
    """Return the outcome of an attempt whose platform denies that it knows the run."""
    message = "The platform no longer knows the run; it may have been deleted there."
    if run.cancel_requested is None:
        return failure(FailureCause.LOST, message)
    message = f"Cancelled. {message}"
    return Outcome(status=RunStatus.CANCELLED, reason=message, error=message)


def abandoned(run: TaskRun, *, may_run: bool) -> Outcome:
    """Return the outcome of an attempt that faults in Polysync itself have stopped."""
    message = "Polysync itself failed; its log has the reason under the id of this run."
    if run.problem is not None:
        message = f"{message} Last: {run.problem.message}."
    if run.cancel_requested is None:
        return failure(
            FailureCause.INTERNAL, with_hint_to_check(message, may_run), may_repeat=not may_run
        )
    message = with_hint_to_check(f"Cancelled. {message}", may_run)
    return Outcome(status=RunStatus.CANCELLED, reason=message, error=message)


def _ended(error: PolysyncError) -> str:
    """Return the error as the end of a sentence."""
    return f"{error_text(error).rstrip('.')}."
