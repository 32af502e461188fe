"""Describes the state of an attempt on its platform, as the reason of the run's status."""

from __future__ import annotations

from datetime import datetime

from polysync_core.domain.runs.progress import is_to_stop, since
from polysync_core.domain.runs.run import TaskRun
from polysync_core.platforms.connector import ProviderStatus, Report


def submitted_text(run: TaskRun, title: str, now: datetime) -> str:
    """Return the reason of a run that its platform has accepted."""
    if is_to_stop(run):
        return run.reason
    return f"Submitted to {title} at {since(now, run)}."


def state_text(run: TaskRun, title: str, report: Report, now: datetime) -> str:
    """Return the reason of a run from the platform's report; one that shall stop keeps its own."""
    attempt = run.attempt
    if is_to_stop(run) or attempt is None:
        return run.reason
    match report.status:
        case ProviderStatus.STARTING:
            return f"Starting on {title}."
        case ProviderStatus.RUNNING:
            return _running_text(run, title, report, now)
        case _:
            return f"Running on {title}, which reports a state that Polysync does not know."


def _running_text(run: TaskRun, title: str, report: Report, now: datetime) -> str:
    prefix = f"Running on {title} since "
    attempt = run.attempt
    begun = report.started_at or (attempt.started_at if attempt is not None else None)
    if begun is None and run.reason.startswith(prefix):
        return run.reason
    return f"{prefix}{since(begun or now, run)}."
