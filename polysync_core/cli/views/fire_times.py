"""Builds the table of fire times that `polysync fire-times` shows."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Moment
from polysync_core.cli.layout.formats import format_duration, format_local_time
from polysync_core.cli.layout.tables import lines, name_column, new_table, text_column, whole_column
from polysync_core.domain.json_types import JsonObject


def fire_times_view(answer: JsonObject) -> list[RenderableType]:
    """Return the fire times, one per line, and the notes.

    Raises:
        MalformedAnswer: the answer is malformed.
    """
    reader = Reader("the fire times", answer)
    fire_times = [Reader("a fire time", each) for each in reader.objects("items")]
    parts: list[RenderableType] = []
    if fire_times:
        table = new_table(
            whole_column("Fires", drop=1),
            whole_column("Local time"),
            whole_column("Zone", drop=3),
            name_column("Schedule", drop=2),
            text_column("Note"),
        )
        for each in fire_times:
            table.add(
                Moment(each.time("scheduledTime")),
                format_local_time(each.text("localTime")),
                each.text("timeZone"),
                each.text("schedule"),
                "; ".join(_notes(each)),
            )
        parts.append(table)
    return [*parts, *lines(reader.texts("notes"))]


def _notes(fire_time: Reader) -> Iterator[str]:
    if calendar := fire_time.text("excluded"):
        yield f"excluded: {calendar}"
    if note := fire_time.text("remark"):
        yield note
    starts, scheduled = fire_time.time("startsAt"), fire_time.time("scheduledTime")
    if starts and scheduled and starts > scheduled:
        yield f"starts {format_duration(starts - scheduled)} later (jitter)"
