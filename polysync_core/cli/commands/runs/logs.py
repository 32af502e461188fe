"""Implements `polysync logs`, which shows the failure details of a run attempt."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.api.logs import LogsAnswer
from polysync_core.cli.options import DEFAULT_URL, AsJson, Last, OfKey, RunName, Url
from polysync_core.cli.run_names import (
    find_databricks_run_id,
    find_run_id,
    require_one_name,
)
from polysync_core.cli.session import Session, open_session

AttemptNumber = Annotated[
    int | None,
    typer.Option("--attempt", min=1, help="Number of the attempt; by default the last."),
]


FollowLogs = Annotated[
    bool,
    typer.Option(
        "--follow", "-f", help="Show the details of each failed attempt until the run's end."
    ),
]


def logs(  # noqa: PLR0913 - one parameter per option
    run: RunName = None,
    last: Last = False,
    attempt: AttemptNumber = None,
    follow: FollowLogs = False,
    job: OfKey = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show the failure details of the platform: errors and stack traces, without secrets."""
    query = {"attempt": None if attempt is None else str(attempt)}
    require_one_name(run, last=last)
    if follow and (attempt is not None or job is not None or as_json):
        message = "cannot be combined with --attempt, --job or --json"
        raise typer.BadParameter(message, param_hint="--follow")
    with open_session(url, as_json=as_json) as session:
        if job is not None:
            _show_outputs(session, job, find_databricks_run_id(session.api, job, run))
            return
        run_id = find_run_id(session.api, run)
        if follow:
            from polysync_core.cli.following.failed_attempts import follow_failed_attempts

            follow_failed_attempts(session, session.api.task_run(run_id).run_id)
        answer = session.api.get("task-runs", run_id, "logs", query=query)
        decoded = LogsAnswer.decode(answer)
        if as_json:
            session.terminal.json(answer)
        else:
            from polysync_core.cli.views.runs.logs import logs_view

            session.terminal.show(*logs_view(decoded))
    if decoded.is_unread:
        raise typer.Exit(1)


def _show_outputs(session: Session, job: str, run_id: str) -> None:
    """Show the outputs, errors and logs of a run that only Databricks stores."""
    from polysync_core.cli.api.databricks_runs import task_outputs

    if session.terminal.as_json:
        session.terminal.json(session.api.get("jobs", job, "runs", run_id, "outputs"))
        return
    from polysync_core.cli.views.platforms.databricks_runs import outputs_view

    session.terminal.show(*outputs_view(task_outputs(session.api, job, run_id)))
