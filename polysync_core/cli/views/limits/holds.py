"""Builds the terminal lines of active holds on run starts."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.cli.api.reader import Reader
from polysync_core.domain.json_types import JsonObject


def hold_lines(answer: JsonObject) -> Iterator[str]:
    """Yield one line for each hold."""
    items = Reader("the holds", answer).objects("items")
    if not items:
        yield "Nothing is held."
    for each in items:
        hold = Reader("a hold", each)
        task, platform = hold.text("task"), hold.text("platform")
        scope = f"task {task}" if task else f"platform {platform}" if platform else "everything"
        yield f"{scope}: {hold.text('reason')} (by {hold.text('by')})"
