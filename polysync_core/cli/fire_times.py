"""When a task's schedules fire next, as the API tells it, and how that looks to people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.json import JsonObject, Reader
from polysync_core.cli.terminal import readable
from polysync_core.cli.units import ABSENT, written_duration, written_time
from polysync_core.cli.views import table_of


def fire_times_view(answer: JsonObject) -> list[RenderableType]:
    """Return the fire times, one a line, and then what is not among them.

    Raises:
        UnexpectedAnswer: the answer does not hold any.
    """
    reader = Reader("the fire times", answer)
    fires = [Reader("a fire time", each) for each in reader.objects("items")]
    parts: list[RenderableType] = []
    if fires:
        table = table_of("Fires", "Local time", "Zone", "Schedule", "Remark")
        for fire in fires:
            table.add_row(
                written_time(fire.time("scheduledTime")),
                _text((fire.text("localTime") or "").replace("T", " ")),
                _text(fire.text("timeZone")),
                _text(fire.text("schedule")),
                _text("; ".join(_remarks(fire))),
            )
        parts.append(table)
    notes = answer.get("notes")
    lines = notes if isinstance(notes, list) else []
    return parts + [Text(readable(line)) for line in lines if isinstance(line, str)]


def _remarks(fire: Reader) -> Iterator[str]:
    if calendar := fire.text("excluded"):
        yield f"excluded: {calendar}"
    if remark := fire.text("remark"):
        yield remark
    starts, scheduled = fire.time("startsAt"), fire.time("scheduledTime")
    if starts and scheduled and starts > scheduled:
        yield f"starts {written_duration(starts - scheduled)} later (jitter)"


def _text(value: str | None) -> Text:
    return Text(readable(value or "") or ABSENT)
