"""Implements `polysync cancel`, which cancels one run or all active runs matching filters."""

from __future__ import annotations

import typer

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.commands.runs.filters import (
    OfBackfill,
    OfGraphRun,
    OfPlatform,
    OfStatus,
    OfTag,
    OfTask,
    OfTrigger,
    Since,
    Until,
    run_query,
)
from polysync_core.cli.options import DEFAULT_URL, AsJson, JobOrKey, Last, RunName, Url, Yes
from polysync_core.cli.run_names import find_databricks_run_id, find_run_id, require_one_name
from polysync_core.cli.session import Session, open_session
from polysync_core.domain.runs.status import TERMINAL_STATUSES, RunStatus

_CANCELLED = frozenset({"CANCELED", "UPSTREAM_CANCELED"})
"""The result states of cancelled runs in Databricks."""


def cancel(  # noqa: PLR0913 - one parameter per option
    run: RunName = None,
    last: Last = False,
    task: OfTask = None,
    job: JobOrKey = None,
    status: OfStatus = None,
    graph: OfGraphRun = None,
    platform: OfPlatform = None,
    trigger: OfTrigger = None,
    tag: OfTag = None,
    since: Since = None,
    until: Until = None,
    backfill: OfBackfill = None,
    yes: Yes = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Cancel a run, or every queued and running run that matches the filters.

    The platform may take some time to stop a run.
    """
    query = run_query(
        task=task,
        status=status,
        graph=graph,
        platform=platform,
        trigger=trigger,
        tag=tag,
        since=since,
        until=until,
        backfill=backfill,
    )
    is_one = run is not None or last
    if is_one and any(query.values()):
        raise typer.BadParameter("cannot be combined with filters", param_hint="RUN")
    if not is_one and (job or any(query.values())):
        from polysync_core.cli.commands.runs.many_runs import cancel_many

        with open_session(url, as_json=as_json) as session:
            cancel_many(session, {**query, "job": job}, yes=yes)
        return
    require_one_name(run, last=last, otherwise="or filters such as --platform NAME")
    with open_session(url, as_json=as_json) as session:
        if job is None:
            _cancel_run(session, find_run_id(session.api, run))
        else:
            _cancel_databricks_run(session, job, find_databricks_run_id(session.api, job, run))


def _cancel_run(session: Session, name: str) -> None:
    """Cancel a run; the exit code is 1 if it has ended in another way."""
    answer = session.api.post("task-runs", name, "cancel")
    reader = Reader("the run", answer)
    run_id, status = reader.text("runId") or name, reader.text("status")
    if session.terminal.as_json:
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
