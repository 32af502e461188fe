"""The live line of a run that is being followed."""

from __future__ import annotations

import time
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from polysync_core.cli.answers import Run
from polysync_core.cli.terminal import readable
from polysync_core.cli.units import written_duration, written_time
from polysync_core.cli.views import status_text

_FRAMES_PER_SECOND = 10


class Progress:
    """Shows where a run is: one line that moves on a screen, a line a change elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._news = Text("Waiting for news")
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

    def show(self, run: Run) -> None:
        """Show the state of the run."""
        news = _news(run)
        if news.plain == self._news.plain:
            return
        self._news = news
        if not self._console.is_interactive:
            self._console.print(
                Text.assemble(self._elapsed(), "  ", readable(run.title), "  ", news)
            )

    def _line(self) -> Text:
        frame = self._frames[int(time.monotonic() * _FRAMES_PER_SECOND) % len(self._frames)]
        line = Text.assemble(frame, " ", (self._elapsed(), "dim"), "  ", self._news)
        line.no_wrap, line.overflow = True, "ellipsis"
        return line

    def _elapsed(self) -> str:
        return written_duration(timedelta(seconds=time.monotonic() - self._started))


def _news(run: Run) -> Text:
    news = status_text(run.status)
    if run.cancel_requested and not run.is_terminal:
        news.append(", cancelling")
    attempt = run.last_attempt
    if attempt is None:
        return news
    if run.next_attempt_at:
        return news.append(f", next attempt from {written_time(run.next_attempt_at)}")
    if attempt.number > 1:
        news.append(f", attempt {attempt.number}")
    if attempt.monitor_url:
        url = readable(attempt.monitor_url)
        news.append("  ").append(url, style=f"link {url}" if " " not in url else "")
    return news
