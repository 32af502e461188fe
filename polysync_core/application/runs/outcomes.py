"""How attempts end, in words for people and with the cause that decides on a retry."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.runs.outputs import Outputs, kept_outputs, none_kept
from polysync_core.domain.runs.run import Outcome, RunStatus, TaskRun
from polysync_core.domain.secrets import Secret
from polysync_core.platforms.connector import ProviderStatus, Report, Submitted

_ENDS = {
    ProviderStatus.SUCCESS: (RunStatus.SUCCEEDED, "The platform reports success."),
    ProviderStatus.FAILED: (RunStatus.FAILED, "The platform reports failure."),
    ProviderStatus.CANCELLED: (RunStatus.CANCELLED, "The platform reports that it was cancelled."),
}


def reported(run: TaskRun, report: Report, secrets: Collection[Secret] = ()) -> Outcome:
    """Return the outcome that a final report of the platform means for the run.

    What was stopped because its time was up has failed; what ended by itself before the platform
    got round to stopping it keeps its own result. Of `secrets`, which the attempt was given, no
    output that is kept holds one.
    """
    status, reason = _ENDS[report.status]
    if report.may_be_stopped and _was_to_stop(run) and status is RunStatus.FAILED:
        status, reason = _ENDS[ProviderStatus.CANCELLED]
    cause, error, outputs = None, report.message, Outputs()
    if status is RunStatus.FAILED:
        cause = report.cause or FailureCause.ARTEFACT
    elif status is RunStatus.SUCCEEDED:
        error = None
        outputs = kept_outputs(run.job, report.outputs, secrets)
        reason = " ".join(filter(None, (reason, report.outputs_missing)))
    elif stopped_by_time(run):
        status, cause = RunStatus.FAILED, FailureCause.TIMEOUT
        reason = error = f"Stopped after its execution time-out of {_limit(run)}."
    return Outcome(
        status=status,
        reason=reason,
        cause=cause,
        error=error,
        provider_status=report.status,
        monitor_url=report.monitor_url,
        started_at=report.started_at,
        finished_at=report.finished_at,
        outputs=outputs,
    )


def ended_at_once(
    run: TaskRun, submitted: Submitted, report: Report, secrets: Collection[Secret]
) -> Outcome:
    """Return the outcome of a run whose end its platform told in answer to the submit."""
    outcome = reported(run, report, secrets)
    return replace(
        outcome,
        external_run_id=submitted.external_run_id,
        monitor_url=report.monitor_url or submitted.monitor_url,
    )


def failure(cause: FailureCause, message: str, *, may_repeat: bool = True) -> Outcome:
    """Return the outcome of an attempt that failed without a report of its platform."""
    return Outcome(
        status=RunStatus.FAILED, reason=message, cause=cause, error=message, may_repeat=may_repeat
    )


def without_outputs(outcome: Outcome, why: str) -> Outcome:
    """Return the outcome of work that is done and whose outputs the run has no room for."""
    return replace(outcome, outputs=none_kept(outcome.outputs, why))


def unproven_stop(run: TaskRun, patience: timedelta) -> Outcome:
    """Return the outcome of a run whose platform took the request to stop and never proved it."""
    unproven = (
        f"The platform did not confirm within {in_words(patience)} "
        "that the run has stopped; look at it there."
    )
    if stopped_by_time(run):
        message = f"The execution time-out of {_limit(run)} is over. {unproven}"
        return failure(FailureCause.TIMEOUT, message)
    message = f"Cancelled. {unproven}"
    return Outcome(status=RunStatus.CANCELLED, reason=message, error=message)


def stopped_by_time(run: TaskRun) -> bool:
    """Whether it is the time-out that stops the attempt under way, and not somebody's wish."""
    attempt = run.attempt
    return run.cancel_requested is None and attempt is not None and attempt.timed_out is not None


def _was_to_stop(run: TaskRun) -> bool:
    return run.cancel_requested is not None or stopped_by_time(run)


def in_words(patience: timedelta) -> str:
    """Return a patience for people."""
    minutes, rest = divmod(patience, timedelta(minutes=1))
    return f"{minutes} minutes" if not rest else f"{patience.total_seconds():g} seconds"


def _limit(run: TaskRun) -> str:
    return f"{run.execution_timeout_seconds} seconds"
