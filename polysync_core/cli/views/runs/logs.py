"""Builds the terminal output of a failed attempt's details for `polysync logs`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.logs import FailedPart, LogsAnswer
from polysync_core.cli.terminal import printable


def logs_view(logs: LogsAnswer) -> list[RenderableType]:
    """Return the failure of an attempt; a failure without details shows the attempt's error."""
    parts: list[RenderableType] = [*_heading(logs)]
    if not logs.parts:
        parts.append(Text(printable(logs.message)))
    for part in logs.parts:
        parts += [Text(""), *_part(part)]
    if logs.note:
        parts += [Text(""), Text(printable(logs.note), style="yellow")]
    if logs.monitor_url:
        parts.append(Text(f"On the platform: {printable(logs.monitor_url)}"))
    return parts


def _heading(logs: LogsAnswer) -> Iterator[RenderableType]:
    if logs.attempt and logs.cause:
        error = f": {logs.error}" if logs.error else ""
        yield Text(printable(f"Attempt {logs.attempt} failed ({logs.cause}){error}"))


def _part(part: FailedPart) -> Iterator[RenderableType]:
    if part.name:
        yield Text(printable(part.name), style="bold")
    for text, style in ((part.error, "red"), (part.trace, "")):
        if text:
            yield Text(printable(text), style=style)
