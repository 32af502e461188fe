"""Builds the terminal table of a Job's runs as the platform reports them."""

from __future__ import annotations

from collections.abc import Sequence

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import FittedTable, Moment
from polysync_core.cli.layout.tables import link_column, new_table, whole_column
from polysync_core.domain.json_types import JsonObject


def platform_runs_view(items: Sequence[JsonObject]) -> FittedTable:
    """Return a table with a line for each run."""
    table = new_table(
        whole_column("External run"),
        whole_column("Status"),
        whole_column("Platform state", drop=3),
        whole_column("Started", drop=1),
        whole_column("Finished", drop=2),
        link_column("Monitor URL"),
    )
    for item in items:
        reader = Reader("the run", item)
        table.add(
            *(reader.text(field) for field in ("externalRunId", "providerStatus")),
            reader.text("providerState"),
            *(Moment(reader.time(field)) for field in ("startedAt", "finishedAt")),
            reader.text("monitorUrl"),
        )
    return table
