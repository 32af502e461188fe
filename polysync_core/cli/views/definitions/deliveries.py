"""Builds the terminal table of recent deliveries to a webhook or a receiver."""

from __future__ import annotations

from rich.console import RenderableType

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Moment
from polysync_core.cli.layout.tables import new_table, text_column, whole_column
from polysync_core.domain.json_types import JsonObject


def deliveries_view(answer: JsonObject) -> RenderableType:
    """Return the attempts, newest first."""
    table = new_table(
        whole_column("Time"),
        whole_column("Result"),
        whole_column("Event"),
        whole_column("Run", drop=1),
        whole_column("Attempt", drop=2),
        text_column("Reason"),
    )
    for each in Reader("the deliveries", answer).objects("items"):
        item = Reader("a delivery", each)
        table.add(
            Moment(item.time("at")),
            item.text("result"),
            item.text("kind"),
            item.text("runId"),
            str(item.number("attempt")),
            item.text("error"),
        )
    return table
