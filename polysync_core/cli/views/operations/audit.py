"""Builds the terminal table of audit entries, the records of changing requests."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Moment
from polysync_core.cli.layout.tables import name_column, new_table, text_column, whole_column
from polysync_core.domain.json_types import JsonObject


def audit_view(items: Sequence[JsonObject]) -> RenderableType:
    """Return the changing calls, one per line."""
    table = new_table(
        whole_column("Time"),
        name_column("Caller"),
        whole_column("Method", drop=1),
        text_column("Path"),
        whole_column("Refused", drop=2),
    )
    for each in items:
        entry = Reader("an entry", each)
        table.add(
            Moment(entry.time("at")),
            entry.text("actor"),
            entry.text("method"),
            entry.text("path"),
            entry.text("status"),
        )
    return table
