"""Shows the progress of a followed run as a live line on the terminal."""

from __future__ import annotations

import time
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.status_colours import status_cell
from polysync_core.cli.terminal import printable
from polysync_core.cli.views.formats import format_duration, format_time

_FRAMES_PER_SECOND = 10


class Progress:
    """Shows the state of a run: a live line on a screen, a line per change elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._state = Text("Waiting for the first event")
        self._has_problem = False
        self._frames = Spinner("dots" if console.encoding.startswith("utf") else "line").frames
        self._live = Live(
            console=console,
            transient=True,
            get_renderable=self._line,
            refresh_per_second=_FRAMES_PER_SECOND,
        )

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

    def show(self, run: RunAnswer) -> None:
        """Show the state of the run, if it has changed."""
        state = _state_text(run)
        if state.plain == self._state.plain:
            return
        self._state = state
        self._has_problem = run.problem is not None
        if not self._console.is_interactive:
            self._console.print(
                Text.assemble(self._elapsed(), "  ", printable(run.title), "  ", state)
            )

    def _line(self) -> Text:
        frame = self._frames[int(time.monotonic() * _FRAMES_PER_SECOND) % len(self._frames)]
        line = Text.assemble(frame, " ", (self._elapsed(), "dim"), "  ", self._state)
        if not self._has_problem:
            line.no_wrap, line.overflow = True, "ellipsis"
        return line

    def _elapsed(self) -> str:
        return format_duration(timedelta(seconds=time.monotonic() - self._started))


def _state_text(run: RunAnswer) -> Text:
    state = status_cell(run.status)
    if run.cancel_requested and not run.is_terminal:
        state.append(", cancelling")
    if run.problem and not run.is_terminal:
        return state.append(f" - {printable(run.problem)}")
    attempt = run.last_attempt
    if attempt is None:
        return state
    if run.next_attempt_at:
        return state.append(f", next attempt from {format_time(run.next_attempt_at)}")
    if attempt.number > 1:
        state.append(f", attempt {attempt.number}")
    if attempt.monitor_url:
        url = printable(attempt.monitor_url)
        state.append("  ").append(url, style=f"link {url}" if " " not in url else "")
    return state
