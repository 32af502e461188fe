"""Builds the terminal table of a Task's schedules and their states."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Moment
from polysync_core.cli.layout.formats import ABSENT, format_time
from polysync_core.cli.layout.tables import name_column, new_table, text_column, whole_column
from polysync_core.cli.terminal import printable
from polysync_core.domain.json_types import JsonObject


def schedules_view(answer: JsonObject) -> list[RenderableType]:
    """Return the schedules of a task, one per line."""
    found = Reader("the schedules", answer).objects("items")
    if not found:
        return [Text("The task has no schedules.")]
    table = new_table(
        name_column("Schedule"),
        whole_column("Cron"),
        whole_column("Time zone", drop=2),
        text_column("State"),
        whole_column("Next", drop=1),
        whole_column("Last", drop=3),
    )
    for each in found:
        reader = Reader("the schedule", each)
        table.add(
            *(reader.text(field) for field in ("name", "cron", "timeZone")),
            _state(reader, each),
            Moment(reader.time("nextFireTime")),
            Moment(reader.time("lastFireTime")),
        )
    if any(each.get("taskEnabled") is False for each in found):
        return [table, Text("The task is disabled: no schedule fires until the task is enabled.")]
    return [table]


def _state(reader: Reader, answer: JsonObject) -> Text:
    if paused := reader.object("paused"):
        pause = Reader("the pause", paused)
        by = f"paused by {pause.text('by')} at {format_time(pause.time('at'))}"
        return Text(printable(f"{by}: {pause.text('reason') or ABSENT}"), style="yellow")
    if answer.get("enabled") is not True:
        return Text("disabled", style="dim")
    if answer.get("taskEnabled") is False:
        return Text("the task is disabled", style="yellow")
    return Text("enabled")
