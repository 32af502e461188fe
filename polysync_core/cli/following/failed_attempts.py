"""Follows a run, and shows the failure details of each failed attempt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

import typer

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.follower import RunFollower
from polysync_core.cli.api.logs import LogsAnswer
from polysync_core.cli.following.accepted_run import INTERRUPTED
from polysync_core.cli.session import Session
from polysync_core.cli.views.runs.logs import logs_view
from polysync_core.cli.views.runs.progress import Progress


def follow_failed_attempts(session: Session, run_id: str) -> NoReturn:
    """Show details until the end of the run, and exit by its outcome."""
    resume = session.command(f"logs {run_id} --follow")
    succeeded = False
    try:
        for run in _states(session, run_id):
            succeeded = run.succeeded
    except KeyboardInterrupt:
        session.terminal.note(f"Run {run_id} continues. To follow its logs again: {resume}")
        raise typer.Exit(INTERRUPTED) from None
    except CommandFailed as failure:
        failure.add_detail(f"The run is not affected. To follow its logs again: {resume}")
        raise
    raise typer.Exit(0 if succeeded else 1)


def _states(session: Session, run_id: str) -> Iterator[RunAnswer]:
    """Yield the states of the run; the details of an attempt are shown once, after its failure."""
    shown: set[int] = set()
    with Progress(session.terminal.err) as progress:
        follower = RunFollower(session.api, run_id, on_outage=progress.show_outage)
        for run in follower.states():
            progress.show(run)
            for attempt in run.attempts:
                if attempt.cause is not None and attempt.number not in shown:
                    shown.add(attempt.number)
                    _show(session, run_id, attempt.number)
            yield run


def _show(session: Session, run_id: str, attempt: int) -> None:
    answer = session.api.get("task-runs", run_id, "logs", query={"attempt": str(attempt)})
    session.terminal.show(*logs_view(LogsAnswer.decode(answer)))
