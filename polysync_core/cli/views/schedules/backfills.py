"""Builds the terminal table of backfills (runs for past fire times) with their progress."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Moment
from polysync_core.cli.layout.tables import new_table, text_column, whole_column
from polysync_core.domain.json_types import JsonObject


def backfills_view(answer: JsonObject) -> list[RenderableType]:
    """Return a table of the backfills of an answer."""
    reader = Reader("the answer", answer)
    items = reader.objects("items") if "items" in answer else [answer]
    if not items:
        return [Text("There are no backfills.")]
    table = new_table(
        whole_column("Backfill"),
        whole_column("Task"),
        whole_column("From", drop=1),
        whole_column("To", drop=1),
        text_column("Runs"),
    )
    for each in items:
        item = Reader("a backfill", each)
        table.add(
            item.text("backfillId"),
            item.text("task"),
            Moment(item.time("from")),
            Moment(item.time("to")),
            _progress(item, each),
        )
    return [table]


def _progress(item: Reader, answer: JsonObject) -> str:
    runs = Reader("the runs", item.object("runs"))
    counts = {name: runs.number(name) for name in item.object("runs")}
    shown = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    cancelled = ", cancelled" if answer.get("cancelledAt") is not None else ""
    return f"{shown or 'none'} of {item.number('count')}{cancelled}"
