"""Shows the runs that a platform lists as a table (`platform-runs`)."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.views.formats import format_time
from polysync_core.cli.views.tables import cell, new_table
from polysync_core.domain.json_types import JsonObject


def platform_runs_view(items: Sequence[JsonObject]) -> Table:
    """Return a table with a line for each run."""
    columns = ("External run", "Status", "Platform state", "Started", "Finished", "Monitor URL")
    table = new_table(*columns)
    for item in items:
        reader = Reader("the run", item)
        table.add_row(
            *(cell(reader.text(name)) for name in ("externalRunId", "providerStatus")),
            cell(reader.text("providerState")),
            *(format_time(reader.time(name)) for name in ("startedAt", "finishedAt")),
            cell(reader.text("monitorUrl")),
        )
    return table
