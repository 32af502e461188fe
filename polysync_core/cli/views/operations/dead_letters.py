"""Builds the terminal table of poison messages, which could not be processed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Column, Moment, Wrap
from polysync_core.cli.layout.tables import new_table, text_column, whole_column
from polysync_core.domain.json_types import JsonObject

_LONGEST_TEXT = 240
"""A longer message is cut; `--json` has the whole text."""


def dead_letters_view(items: Sequence[JsonObject]) -> RenderableType:
    """Return the abandoned messages, one per line."""
    table = new_table(
        whole_column("Time"),
        whole_column("Queue"),
        text_column("Reason"),
        Column("Message", wrap=Wrap.BELOW),
    )
    for each in items:
        message = Reader("a message", each)
        text = " ".join((message.text("payload") or "").split())
        table.add(
            Moment(message.time("at")),
            message.text("queue"),
            message.text("reason"),
            text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…",
        )
    return table
