"""Shows the progress of a run that only Databricks stores, until it ends."""

from __future__ import annotations

import typer

from polysync.errors import MalformedAnswer
from polysync_core.cli.api.databricks_runs import DatabricksFollower, DatabricksRun, task_outputs
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.following.accepted_run import INTERRUPTED
from polysync_core.cli.session import Session
from polysync_core.cli.views.platforms.databricks_runs import databricks_run_view
from polysync_core.cli.views.runs.progress import Progress


def follow_databricks_run(session: Session, job: str, run_id: str) -> None:
    """Show a run until its end and exit by its result: 0 only for SUCCESS."""
    try:
        final = _follow(session, job, run_id)
    except KeyboardInterrupt:
        resume = session.command(f"follow {run_id} --job {job}")
        session.terminal.note(f"Run {run_id} continues. To follow it again: {resume}")
        session.terminal.note(f"To cancel it: {session.command(f'cancel {run_id} --job {job}')}")
        raise typer.Exit(INTERRUPTED) from None
    except CommandFailed as failure:
        failure.add_detail(
            f"The run is not affected. To see it: polysync show {run_id} --job {job}"
        )
        raise
    if session.terminal.as_json:
        session.terminal.json(final.answer)
    else:
        outputs = task_outputs(session.api, job, run_id)
        session.terminal.show(*databricks_run_view(job, final, outputs))
    raise typer.Exit(0 if final.succeeded else 1)


def _follow(session: Session, job: str, run_id: str) -> DatabricksRun:
    run: DatabricksRun | None = None
    with Progress(session.terminal.err) as progress:
        follower = DatabricksFollower(session.api, job, run_id, on_outage=progress.show_outage)
        for run in follower.states():
            progress.show_state(f"{job} run {run.run_id}", run.status)
    if run is None:
        raise MalformedAnswer(f"The API sent no state of run {run_id}.")
    return run
