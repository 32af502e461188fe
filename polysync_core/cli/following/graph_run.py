"""Shows the progress of a run and all dependent runs (graph run) in the terminal."""

from __future__ import annotations

import typer

from polysync.errors import MalformedAnswer
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.graph_run_follower import GraphRunFollower, GraphRunState
from polysync_core.cli.following.accepted_run import INTERRUPTED
from polysync_core.cli.session import Session
from polysync_core.cli.views.runs.graph_progress import GraphProgress, graph_run_view


def follow_graph_run(session: Session, graph_run_id: str) -> None:
    """Show a graph run until its end; exit with 1 if a run failed."""
    resume = session.command(f"follow {graph_run_id} --graph")
    try:
        final = _follow(session, graph_run_id)
    except KeyboardInterrupt:
        session.terminal.note(f"The graph run continues. To follow it again: {resume}")
        raise typer.Exit(INTERRUPTED) from None
    except CommandFailed as failure:
        failure.add_detail(f"The graph run is not affected. To follow it again: {resume}")
        raise
    if session.terminal.as_json:
        session.terminal.json({"items": [run.answer for run in final.runs]})
    else:
        session.terminal.show(graph_run_view(final))
    raise typer.Exit(0 if final.succeeded else 1)


def _follow(session: Session, graph_run_id: str) -> GraphRunState:
    state: GraphRunState | None = None
    with GraphProgress(session.terminal.err) as progress:
        follower = GraphRunFollower(session.api, graph_run_id, on_outage=progress.show_outage)
        for state in follower.states():
            progress.show(state)
    if state is None:
        raise MalformedAnswer(f"The API sent no state of graph run {graph_run_id}.")
    return state
