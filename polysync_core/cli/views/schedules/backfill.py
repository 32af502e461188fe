"""Builds the terminal table of past fire times and runs of a new backfill."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Moment
from polysync_core.cli.layout.formats import ABSENT, format_local_time
from polysync_core.cli.layout.tables import new_table, text_column, whole_column
from polysync_core.cli.terminal import printable
from polysync_core.domain.json_types import JsonObject


def backfill_view(answer: JsonObject, *, dry_run: bool) -> list[RenderableType]:
    """Return the fire times of a backfill with their runs, and a summary."""
    reader = Reader("the backfill", answer)
    table = new_table(
        whole_column("Fire time"),
        whole_column("Local time", drop=1),
        whole_column("Run"),
        text_column("Note"),
    )
    for each in reader.objects("runs"):
        item = Reader("a fire time", each)
        notes = ["exists" if each.get("exists") is True else None, item.text("remark")]
        table.add(
            Moment(item.time("scheduledTime")),
            format_local_time(item.text("localTime")),
            item.text("runId"),
            "; ".join(filter(None, notes)),
        )
    count, existing = reader.number("count"), reader.number("existing")
    if dry_run:
        summary = f"{count - existing} to create, {existing} exist"
    else:
        name = printable(reader.text("backfillId") or ABSENT)
        summary = f"{reader.number('created')} created, {existing} exist (backfill {name})"
    return [*([table] if count else []), Text(f"{count} fire times: {summary}.")]
