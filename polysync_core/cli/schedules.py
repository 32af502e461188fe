"""The commands around the schedules of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Task, Url
from polysync_core.cli.session import Session, session

if TYPE_CHECKING:
    from polysync_core.cli.json import JsonObject

Reason = Annotated[str, typer.Option("--reason", help="Why; shown to whoever looks.")]
OfSchedule = Annotated[
    str | None, typer.Option("--schedule", help="One schedule; all of the task by default.")
]
ForSchedule = Annotated[
    str | None, typer.Option("--schedule", help="Needed where the task has several.")
]
From = Annotated[str, typer.Option("--from", help="First time, such as 2026-01-01T00:00:00Z.")]
To = Annotated[str, typer.Option("--to", help="Time at which the range ends, itself left out.")]
AtOnce = Annotated[
    int | None, typer.Option("--max-concurrent", min=1, help="So many of its runs at once.")
]
Priority = Annotated[
    int | None, typer.Option(help="Higher goes first; 100 below the task's by default.")
]
Only = Annotated[bool, typer.Option("--dry-run", help="Only show what would be run.")]


def schedules(task: Task, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show the schedules of a task: next and last fire time, and why one is paused."""
    with session(url, as_json=as_json) as now:
        _show(now, now.api.get("tasks", task, "schedules"))


def pause(
    task: Task,
    reason: Reason,
    schedule: OfSchedule = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Let a schedule of a task, or all of them, fire no more until they are resumed."""
    body: JsonObject = {"reason": reason, "schedule": schedule}
    with session(url, as_json=as_json) as now:
        _show(now, now.api.post("tasks", task, "pause", body=body))


def resume(
    task: Task,
    schedule: OfSchedule = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Let a schedule of a task, or all of them, go on from now."""
    with session(url, as_json=as_json) as now:
        _show(now, now.api.post("tasks", task, "resume", body={"schedule": schedule}))


def backfill(  # noqa: PLR0913 - a parameter an option
    task: Task,
    begin: From,
    end: To,
    schedule: ForSchedule = None,
    at_once: AtOnce = None,
    priority: Priority = None,
    dry_run: Only = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Run a task once for each fire time in a past range that has no run; repeating it goes on."""
    body: JsonObject = {
        "from": begin,
        "to": end,
        "schedule": schedule,
        "maxConcurrentRuns": at_once,
        "priority": priority,
        "dryRun": dry_run,
    }
    with session(url, as_json=as_json) as now:
        answer = now.api.post("tasks", task, "backfill", body=body)
        if as_json:
            now.terminal.json(answer)
        else:
            from polysync_core.cli.schedule_views import backfill_view

            now.terminal.show(*backfill_view(answer, dry_run=dry_run))


def _show(now: Session, answer: JsonObject) -> None:
    if now.terminal.as_json:
        now.terminal.json(answer)
    else:
        from polysync_core.cli.schedule_views import schedules_view

        now.terminal.show(*schedules_view(answer))
