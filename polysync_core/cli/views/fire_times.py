"""Shows the next fire times of a Task (`fire-times`)."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.views.formats import format_duration, format_time
from polysync_core.cli.views.tables import cell, lines, new_table
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
        table = new_table("Fires", "Local time", "Zone", "Schedule", "Note")
        for each in fire_times:
            table.add_row(
                format_time(each.time("scheduledTime")),
                cell((each.text("localTime") or "").replace("T", " ")),
                cell(each.text("timeZone")),
                cell(each.text("schedule")),
                cell("; ".join(_notes(each))),
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
