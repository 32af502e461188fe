"""Shows a newly started run, either its id only or its progress to the end."""

from __future__ import annotations

import typer

from polysync.errors import MalformedAnswer
from polysync_core.cli.api.answers import RunAnswer, run_id_of
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.follower import RunFollower
from polysync_core.cli.api.graph_run_follower import waits_for
from polysync_core.cli.session import Session
from polysync_core.cli.views.runs.progress import Progress
from polysync_core.cli.views.runs.show import run_view
from polysync_core.domain.json_types import JsonObject

INTERRUPTED = 130


def show_accepted(session: Session, answer: JsonObject, message: str, *, follow: bool) -> None:
    """Print `Run ID` and the message, or follow the run to its end."""
    if follow:
        follow_run(session, run_id_of(answer))
    elif session.terminal.as_json:
        session.terminal.json(answer)
    else:
        session.terminal.line(f"Run {run_id_of(answer)} {message}.")


def follow_run(session: Session, run_id: str) -> None:
    """Show a run until its end and exit by its outcome: 0 only for Succeeded."""
    try:
        final = _follow(session, run_id)
    except KeyboardInterrupt:
        session.terminal.note(
            f"Run {run_id} continues. To follow it again: {session.command(f'follow {run_id}')}"
        )
        session.terminal.note(f"To cancel it: {session.command(f'cancel {run_id}')}")
        raise typer.Exit(INTERRUPTED) from None
    except CommandFailed as failure:
        resume = session.command(f"follow {run_id}")
        failure.add_detail(f"The run is not affected. To follow it again: {resume}")
        raise
    if session.terminal.as_json:
        session.terminal.json(final.answer)
    else:
        session.terminal.show(*run_view(final))
    raise typer.Exit(0 if final.succeeded else 1)


def _follow(session: Session, run_id: str) -> RunAnswer:
    run: RunAnswer | None = None
    with Progress(session.terminal.err) as progress:
        follower = RunFollower(session.api, run_id, on_outage=progress.show_outage)
        for run in follower.states():
            progress.show(run, waits_for(session.api, run))
    if run is None:
        raise MalformedAnswer(f"The API sent no state of run {run_id}.")
    return run
