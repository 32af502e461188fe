"""Schedules and backfills as they look to people."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.json import JsonObject, Reader
from polysync_core.cli.terminal import readable
from polysync_core.cli.units import ABSENT, written_time
from polysync_core.cli.views import table_of


def schedules_view(answer: JsonObject) -> list[RenderableType]:
    """Return the schedules of a task, one a line."""
    found = Reader("the schedules", answer).objects("items")
    if not found:
        return [Text("The task has no schedules.")]
    table = table_of("Schedule", "Cron", "Time zone", "State", "Next", "Last")
    for each in found:
        reader = Reader("the schedule", each)
        table.add_row(
            *(_text(reader.text(field)) for field in ("name", "cron", "timeZone")),
            _state(reader, enabled=each.get("enabled") is True),
            written_time(reader.time("nextFireTime")),
            written_time(reader.time("lastFireTime")),
        )
    return [table]


def backfill_view(answer: JsonObject, *, dry_run: bool) -> list[RenderableType]:
    """Return the fire times of a backfill with their runs, and how many there are."""
    reader = Reader("the backfill", answer)
    table = table_of("Fire time", "Local time", "Run", "Remark")
    for each in reader.objects("runs"):
        item = Reader("a fire time", each)
        remarks = ["exists" if each.get("exists") is True else None, item.text("remark")]
        table.add_row(
            written_time(item.time("scheduledTime")),
            _text(item.text("localTime")),
            _text(item.text("runId")),
            Text(readable("; ".join(filter(None, remarks)))),
        )
    count, existing = reader.number("count"), reader.number("existing")
    verb, made = ("would be", count - existing) if dry_run else ("are", reader.number("created"))
    ending = f"{made} {verb} created, {existing} exist"
    name = "" if dry_run else f" (backfill {readable(reader.text('backfillId') or ABSENT)})"
    return [*([table] if count else []), Text(f"{count} fire times: {ending}{name}.")]


def _state(reader: Reader, *, enabled: bool) -> Text:
    paused = reader.object("paused")
    if not paused:
        return Text("enabled" if enabled else "disabled", style="" if enabled else "dim")
    pause = Reader("the pause", paused)
    told = f"paused by {pause.text('by')} at {written_time(pause.time('at'))}: "
    return Text(readable(told + (pause.text("reason") or ABSENT)), style="yellow")


def _text(value: str | None) -> Text:
    return Text(readable(value or ABSENT))
