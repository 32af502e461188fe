"""Implements `polysync backfill`, which creates runs for a Task's past fire times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, TaskName, Url
from polysync_core.cli.session import open_session

if TYPE_CHECKING:
    from polysync_core.domain.json_types import JsonObject

Schedule = Annotated[
    str | None,
    typer.Option("--schedule", help="Name of the schedule; required if the task has several."),
]
Start = Annotated[str, typer.Option("--from", help="Start: 2026-01-01 or 2026-01-01T00:00:00Z.")]
End = Annotated[str, typer.Option("--to", help="End, exclusive, in the same form.")]
MaxConcurrent = Annotated[
    int | None,
    typer.Option("--max-concurrent", min=1, help="Maximum number of its runs at the same time."),
]
Priority = Annotated[
    int | None, typer.Option(help="A higher priority starts first; default: the task's minus 100.")
]
NewestFirst = Annotated[
    bool, typer.Option("--newest-first", help="Start the newest fire time first.")
]
RedoFailed = Annotated[
    bool, typer.Option("--redo-failed", help="Run failed, cancelled and skipped fire times again.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the runs to create.")]


def backfill(  # noqa: PLR0913 - one parameter per option
    task: TaskName,
    start: Start,
    end: End,
    schedule: Schedule = None,
    max_concurrent: MaxConcurrent = None,
    priority: Priority = None,
    newest_first: NewestFirst = False,
    redo_failed: RedoFailed = False,
    dry_run: DryRun = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Create the missing runs for the fire times of a past range."""
    body: JsonObject = {
        "from": start,
        "to": end,
        "schedule": schedule,
        "maxConcurrentRuns": max_concurrent,
        "priority": priority,
        "dryRun": dry_run,
    }
    if newest_first:
        body["order"] = "NewestFirst"
    if redo_failed:
        body["redo"] = "failed"
    with open_session(url, as_json=as_json) as session:
        answer = session.api.post("tasks", task, "backfill", body=body, has="count")
        if as_json:
            session.terminal.json(answer)
        else:
            from polysync_core.cli.views.schedules.backfill import backfill_view

            session.terminal.show(*backfill_view(answer, dry_run=dry_run))
