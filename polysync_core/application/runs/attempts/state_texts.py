"""Describes the platform state of an attempt in words, for the run history."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from polysync_core.domain.runs.interruptions import is_to_stop, time_in_run
from polysync_core.domain.runs.run import TaskRun
from polysync_core.platforms.connector import ProviderStatus, Report, Wait


def submitted_text(run: TaskRun, title: str, now: datetime) -> str:
    """Return the reason of a run that its platform has accepted."""
    if is_to_stop(run):
        return run.reason
    return f"Submitted to {title} at {time_in_run(now, run)}."


def state_text(
    run: TaskRun, title: str, report: Report, now: datetime, *, message: str | None = None
) -> str:
    """Return the reason of a run from the platform's report; a run to stop keeps its reason.

    `message` is the platform's text without secrets.
    """
    attempt = run.attempt
    if is_to_stop(run) or attempt is None:
        return run.reason
    if report.wait is not None:
        return _waiting_text(title, report.wait, message)
    match report.status:
        case ProviderStatus.STARTING:
            return f"Starting on {title}."
        case ProviderStatus.RUNNING:
            return _running_text(run, title, report, now)
        case _:
            return f"Running on {title}, which reports a state that Polysync does not know."


def _waiting_text(title: str, wait: Wait, message: str | None) -> str:
    match wait:
        case Wait.PLATFORM_QUEUE:
            text = f"Queued on {title}"
        case Wait.COMPUTE:
            text = f"Waiting for compute on {title}"
        case Wait.RETRY:
            text = f"Waiting for a retry by {title}"
        case _:
            assert_never(wait)
    return f"{text}." if not message else f"{text}: {message.rstrip('.')}."


def _running_text(run: TaskRun, title: str, report: Report, now: datetime) -> str:
    prefix = f"Running on {title} since "
    attempt = run.attempt
    begun = report.started_at or (attempt.started_at if attempt is not None else None)
    if begun is None and run.reason.startswith(prefix):
        return run.reason
    return f"{prefix}{time_in_run(begun or now, run)}."
