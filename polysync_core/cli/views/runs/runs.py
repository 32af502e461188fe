"""Builds the terminal table of runs for `polysync runs`."""

from __future__ import annotations

from collections.abc import Sequence

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.layout.fitted_table import Column, FittedTable, Moment, Wrap
from polysync_core.cli.layout.formats import format_duration
from polysync_core.cli.layout.status_colours import status_cell
from polysync_core.cli.layout.tables import name_column, new_table, whole_column

_LONGEST_REASON = 240
"""A longer reason is cut; `show` has the whole text."""


def runs_view(runs: Sequence[RunAnswer]) -> FittedTable:
    """Return a table of runs; reasons are shown if a run was late or has not succeeded."""
    subject = "Task" if any(run.task for run in runs) else "Job"
    reasons = [_reason(run) for run in runs]
    # The runs of a backfill are queued at the same time.
    has_times = any(run.backfill_id for run in runs)
    columns = [
        whole_column("Run"),
        name_column(subject),
        whole_column("Status"),
        whole_column("Trigger", drop=3),
        whole_column("Attempts", drop=4),
        *([whole_column("Scheduled", drop=2)] if has_times else []),
        whole_column("Queued", drop=1),
        whole_column("Duration", drop=2),
    ]
    if any(reasons):
        columns.append(Column("Reason", wrap=Wrap.BELOW))
    table = new_table(*columns)
    for run, reason in zip(runs, reasons, strict=True):
        row = [
            run.run_id,
            run.title,
            status_cell(run.status),
            run.trigger,
            str(len(run.attempts)),
            *([Moment(run.scheduled_time)] if has_times else []),
            Moment(run.queued_at),
            format_duration(run.duration),
        ]
        table.add(*row, *([reason] if any(reasons) else []))
    return table


def _reason(run: RunAnswer) -> str | None:
    """Return the reason of a late or unsuccessful run, cut to a short text."""
    late = f"{'; '.join(run.missed_deadlines)}. " if run.missed_deadlines else ""
    if run.succeeded:
        return late.strip() or None
    text = f"{late}{run.problem or run.reason or ''}"
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"
