"""Implements `polysync cancel`, which cancels a run."""

from __future__ import annotations

import typer

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.options import DEFAULT_URL, AsJson, Last, OfKey, RunName, Url
from polysync_core.cli.run_names import (
    find_databricks_run_id,
    find_run_id,
    require_one_name,
)
from polysync_core.cli.session import Session, open_session
from polysync_core.domain.runs.status import TERMINAL_STATUSES, RunStatus

_CANCELLED = frozenset({"CANCELED", "UPSTREAM_CANCELED"})
"""The result states of cancelled runs in Databricks."""


def cancel(
    run: RunName = None,
    last: Last = False,
    job: OfKey = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Request the cancellation of a run; the platform may take some time to stop it."""
    require_one_name(run, last=last)
    with open_session(url, as_json=as_json) as session:
        if job is not None:
            _cancel_databricks_run(session, job, find_databricks_run_id(session.api, job, run))
            return
        run_id = find_run_id(session.api, run)
        answer = session.api.post("task-runs", run_id, "cancel")
        reader = Reader("the run", answer)
        run_id, status = reader.text("runId") or run_id, reader.text("status")
        if as_json:
            session.terminal.json(answer)
        elif status == RunStatus.CANCELLED:
            session.terminal.line(f"Run {run_id} is cancelled.")
        elif status in TERMINAL_STATUSES:
            session.terminal.line(f"Run {run_id} has already ended: {status}.")
        else:
            session.terminal.line(f"The cancellation of run {run_id} is requested.")
    if status in TERMINAL_STATUSES - {RunStatus.CANCELLED}:
        raise typer.Exit(1)


def _cancel_databricks_run(session: Session, job: str, run_id: str) -> None:
    """Cancel a run that only Databricks stores; Databricks accepts this after its end, too."""
    from polysync_core.cli.api.databricks_runs import DatabricksRun

    # A run that Polysync stores is refused before anything is cancelled.
    DatabricksRun.decode(session.api.get("jobs", job, "runs", run_id))
    session.api.delete("jobs", job, "runs", run_id)
    answer = session.api.get("jobs", job, "runs", run_id)
    run = DatabricksRun.decode(answer)
    if session.terminal.as_json:
        session.terminal.json(answer)
    elif run.result in _CANCELLED:
        session.terminal.line(f"Run {run_id} is cancelled.")
    elif run.is_over:
        session.terminal.line(f"Run {run_id} has already ended: {run.status}.")
    else:
        session.terminal.line(f"The cancellation of run {run_id} is requested.")
    if run.is_over and run.result not in _CANCELLED:
        raise typer.Exit(1)
