"""Shows runs as a table (`runs`)."""

from __future__ import annotations

from collections.abc import Sequence

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.statuses import status_cell
from polysync_core.cli.views.fitting import FittedTable, Moment
from polysync_core.cli.views.formats import format_duration
from polysync_core.cli.views.tables import name_column, new_table, whole_column


def runs_view(runs: Sequence[RunAnswer]) -> FittedTable:
    """Return a table with a line for each run."""
    subject = "Task" if any(run.task for run in runs) else "Job"
    table = new_table(
        whole_column("Run"),
        name_column(subject),
        whole_column("Status"),
        whole_column("Trigger", drop=3),
        whole_column("Attempts", drop=4),
        whole_column("Queued", drop=1),
        whole_column("Duration", drop=2),
    )
    for run in runs:
        table.add(
            run.run_id,
            run.title,
            status_cell(run.status),
            run.trigger,
            str(len(run.attempts)),
            Moment(run.queued_at),
            format_duration(run.duration),
        )
    return table
