"""Shows the progress of a run and its dependent runs (graph run) in the terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.api.graph_run_follower import GraphRunState
from polysync_core.cli.api.reader import compact
from polysync_core.cli.layout.fitted_table import FittedTable
from polysync_core.cli.layout.formats import format_duration
from polysync_core.cli.layout.status_colours import status_cell
from polysync_core.cli.layout.tables import name_column, new_table, text_column, whole_column
from polysync_core.cli.terminal import printable

_LONGEST_TEXT = 200


class GraphProgress:
    """Shows the state of a graph run: a live table on a screen, lines elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._shown: dict[str, str] = {}
        self._live = Live(console=console, transient=True, auto_refresh=False)

    def __enter__(self) -> Self:
        if self._console.is_interactive:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, state: GraphRunState) -> None:
        """Show the state; without a screen only the tasks that have changed."""
        if self._console.is_interactive:
            self._live.update(graph_run_view(state), refresh=True)
            return
        for task, status, detail in _rows(state):
            line = "  ".join(part for part in (task, status, detail) if part)
            if self._shown.get(task) != line:
                self._shown[task] = line
                self._console.print(Text(f"{self._elapsed()}  {line}"))

    def show_outage(self) -> None:
        """Show that the server does not answer."""
        message = Text("no answer, trying again", style="yellow")
        if self._console.is_interactive:
            self._live.update(message, refresh=True)
        else:
            self._console.print(Text(f"{self._elapsed()}  ") + message)

    def _elapsed(self) -> str:
        return format_duration(timedelta(seconds=time.monotonic() - self._started))


def graph_run_view(state: GraphRunState) -> RenderableType:
    """Return the runs of a graph run, then the tasks without a run."""
    table: FittedTable = new_table(
        name_column("Task"),
        whole_column("Status"),
        whole_column("Duration", drop=1),
        text_column("Detail"),
    )
    for run in state.runs:
        table.add(
            run.title, status_cell(run.status), format_duration(_duration(run)), _detail(state, run)
        )
    for each in state.pending:
        table.add(each.task, Text("-", style="dim"), "-", _awaits(each.awaited))
    return table


def _rows(state: GraphRunState) -> Iterator[tuple[str, str, str]]:
    for run in state.runs:
        yield printable(run.title), run.status, printable(_detail(state, run))
    for each in state.pending:
        yield printable(each.task), "waits", printable(_awaits(each.awaited))


def _detail(state: GraphRunState, run: RunAnswer) -> str:
    """Return the outputs of a success, and else the reason of the state."""
    if run.succeeded:
        text = ", ".join(f"{name}={compact(value)}" for name, value in run.outputs.items())
    else:
        text = run.problem or state.waits.get(run.run_id) or run.reason or ""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_TEXT else f"{flat[: _LONGEST_TEXT - 1]}…"


def _awaits(tasks: Sequence[str]) -> str:
    return f"for {', '.join(tasks)}" if tasks else "for its start"


def _duration(run: RunAnswer) -> timedelta | None:
    if run.duration is not None or run.started_at is None:
        return run.duration
    return max(datetime.now(UTC) - run.started_at, timedelta())
