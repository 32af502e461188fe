"""Shows runs as a table (`runs`)."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.statuses import status_cell
from polysync_core.cli.views.formats import format_duration, format_time
from polysync_core.cli.views.tables import (
    cell,
    new_table,
)


def runs_view(runs: Sequence[RunAnswer]) -> Table:
    """Return a table with a line for each run."""
    subject = "Task" if any(run.task for run in runs) else "Job"
    table = new_table("Run", subject, "Status", "Trigger", "Attempts", "Queued", "Duration")
    for run in runs:
        table.add_row(
            cell(run.run_id),
            cell(run.title),
            status_cell(run.status),
            cell(run.trigger),
            str(len(run.attempts)),
            format_time(run.queued_at),
            format_duration(run.duration),
        )
    return table
