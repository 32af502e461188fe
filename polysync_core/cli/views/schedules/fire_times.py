"""Builds the terminal table of the next fire times of Tasks."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Moment
from polysync_core.cli.layout.formats import format_duration, format_local_time, format_time
from polysync_core.cli.layout.tables import lines, name_column, new_table, text_column, whole_column
from polysync_core.domain.json_types import JsonObject


def fire_times_view(answer: JsonObject) -> list[RenderableType]:
    """Return the fire times of a task, one per line, and the notes.

    Raises:
        MalformedAnswer: the answer is malformed.
    """
    reader = Reader("the fire times", answer)
    return [*_tables(reader, of_all_tasks=False), *lines(reader.texts("notes"))]


def all_fire_times_view(answer: JsonObject) -> list[RenderableType]:
    """Return the fire times of all tasks, one per line; raises as `fire_times_view`."""
    reader = Reader("the fire times", answer)
    tables = _tables(reader, of_all_tasks=True)
    if not tables:
        return [Text("No schedule fires in this window.")]
    if reader.text("continuationToken"):
        return [*tables, Text("More fire times follow: raise --count.")]
    if until := reader.time("completeUntil"):
        return [*tables, Text(f"Too many schedules fire: the list ends at {format_time(until)}.")]
    return tables


def _tables(reader: Reader, *, of_all_tasks: bool) -> list[RenderableType]:
    fire_times = [Reader("a fire time", each) for each in reader.objects("items")]
    if not fire_times:
        return []
    table = new_table(
        whole_column("Fires", drop=1),
        whole_column("Local time"),
        whole_column("Zone", drop=3),
        *([name_column("Task")] if of_all_tasks else []),
        name_column("Schedule", drop=2),
        text_column("Note"),
    )
    for each in fire_times:
        table.add(
            Moment(each.time("scheduledTime")),
            format_local_time(each.text("localTime")),
            each.text("timeZone"),
            *([each.text("task")] if of_all_tasks else []),
            each.text("schedule"),
            "; ".join(_notes(each)),
        )
    return [table]


def _notes(fire_time: Reader) -> Iterator[str]:
    if calendar := fire_time.text("excluded"):
        yield f"excluded: {calendar}"
    if note := fire_time.text("remark"):
        yield note
    starts, scheduled = fire_time.time("startsAt"), fire_time.time("scheduledTime")
    if starts and scheduled and starts > scheduled:
        yield f"starts {format_duration(starts - scheduled)} later (jitter)"
