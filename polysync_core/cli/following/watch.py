"""Refreshes a list of runs in the terminal until the user presses Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.following.accepted_run import INTERRUPTED
from polysync_core.cli.layout.formats import format_time
from polysync_core.cli.session import Session
from polysync_core.cli.terminal import printable
from polysync_core.cli.views.runs.runs import runs_view

WATCH_SECONDS = 2.0


def watch_runs(session: Session, read: Callable[[], Sequence[RunAnswer]]) -> None:
    """Show the runs of a list until Ctrl-C; without a screen, a line for each change."""
    shown: dict[str, tuple[object, ...]] = {}
    console = session.terminal.out
    with Live(console=console, auto_refresh=False) as live:
        live.stop() if not console.is_interactive else None
        try:
            while True:
                runs = _read(session, read)
                if runs is not None and console.is_interactive:
                    live.update(_table(runs), refresh=True)
                elif runs is not None:
                    _print_changes(session, runs, shown)
                time.sleep(WATCH_SECONDS)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _read(session: Session, read: Callable[[], Sequence[RunAnswer]]) -> Sequence[RunAnswer] | None:
    """Return the runs; None while the server does not answer."""
    try:
        return read()
    except CommandFailed as failure:
        if not failure.is_transient:
            raise
        session.terminal.note("no answer, trying again")
        return None


def _table(runs: Sequence[RunAnswer]) -> RenderableType:
    return runs_view(runs) if runs else Group(Text("No runs."))


def _print_changes(
    session: Session, runs: Sequence[RunAnswer], shown: dict[str, tuple[object, ...]]
) -> None:
    for run in reversed(runs):
        facts = (run.status, run.problem or run.reason)
        if shown.get(run.run_id) == facts:
            continue
        shown[run.run_id] = facts
        when = format_time(run.finished_at or run.started_at or run.queued_at)
        parts = (when, run.run_id, run.title, run.status, None if run.succeeded else facts[1])
        session.terminal.line("  ".join(printable(str(each)) for each in parts if each))
