"""Shows a run's progress in the terminal as a live line or separate lines."""

from __future__ import annotations

import time
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.style import Style
from rich.text import Text

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.layout.formats import format_duration, format_time
from polysync_core.cli.layout.status_colours import status_cell
from polysync_core.cli.terminal import printable

_FRAMES_PER_SECOND = 10


class Progress:
    """Shows the state of a run: a live line on a screen, a line per change elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._state = Text("Waiting for the first event")
        self._title = ""
        self._is_long = False
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

    def show(self, run: RunAnswer, waits_for: str | None = None) -> None:
        """Show the state of the run and the reason of its wait after a change."""
        state = _state_text(run)
        if waits_for:
            state.append(f" - {printable(waits_for)}")
        self._title = printable(run.title)
        self._replace(state, is_long=run.problem is not None or bool(waits_for))

    def show_state(self, title: str, state: str) -> None:
        """Show the state of a run that only its platform stores."""
        self._title = printable(title)
        self._replace(Text(printable(state)), is_long=False)

    def show_outage(self) -> None:
        """Show that the server does not answer."""
        self._replace(Text("no answer, trying again", style="yellow"), is_long=False)

    def _replace(self, state: Text, *, is_long: bool) -> None:
        if state.plain == self._state.plain:
            return
        self._state, self._is_long = state, is_long
        if not self._console.is_interactive:
            parts = [self._elapsed(), self._title, state]
            self._console.print(Text("  ").join(Text() + each for each in parts if each))

    def _line(self) -> Text:
        frame = self._frames[int(time.monotonic() * _FRAMES_PER_SECOND) % len(self._frames)]
        line = Text.assemble(frame, " ", (self._elapsed(), "dim"), "  ", self._state)
        if not self._is_long:
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
        # A style keeps the id of its link, so the link is the same in every frame.
        state.append("  ").append(url, style=Style(link=url) if " " not in url else "")
    return state
