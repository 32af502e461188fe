"""Builds the terminal explanation of a cron expression with its next fire times."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Moment
from polysync_core.cli.layout.formats import format_local_time
from polysync_core.cli.layout.tables import lines, new_table, text_column, whole_column
from polysync_core.domain.json_types import JsonObject

_MAX_DATES = 5


def cron_view(answer: JsonObject) -> list[RenderableType]:
    """Return the sentence, the next fire times, and the unexpected effects of the next year.

    Raises:
        MalformedAnswer: the answer is malformed.
    """
    reader = Reader("the explanation", answer)
    count, zone = reader.number("countInYear"), reader.text("timeZone")
    sentence = f"{reader.text('description')} ({zone}): {_times(count)} in the next 365 days."
    table = new_table(whole_column("Fires"), whole_column("Local time"), text_column("Note"))
    fire_times = [Reader("a fire time", each) for each in reader.objects("fireTimes")]
    for each in fire_times:
        table.add(
            Moment(each.time("scheduledTime")),
            format_local_time(each.text("localTime")),
            "; ".join(_notes(each)),
        )
    parts: list[RenderableType] = [*lines([sentence])]
    parts += [table] if fire_times else []
    return [*parts, *lines([*reader.texts("notes"), *_unexpected_effects(reader)])]


def _times(count: int) -> str:
    return "1 fire time" if count == 1 else f"{count} fire times"


def _notes(fire_time: Reader) -> Iterator[str]:
    if calendar := fire_time.text("excluded"):
        yield f"excluded: {calendar}"
    if note := fire_time.text("remark"):
        yield note


def _unexpected_effects(reader: Reader) -> Iterator[str]:
    for each in reader.objects("clockChanges"):
        change = Reader("a clock change", each)
        first = Reader("a fire time", change.objects("fireTimes")[0])
        further = change.number("count") - 1
        more = f" ({further} more fire times are affected)" if further else ""
        yield f"{first.text('remark')}{more}."
    dates = [Reader("an excluded date", each) for each in reader.objects("excludedDates")]
    if dates:
        named = [f"{each.text('date')} ({each.text('calendar')})" for each in dates[:_MAX_DATES]]
        further = len(dates) - len(named)
        more = f" and {further} more dates" if further else ""
        yield f"Excluded: {', '.join(named)}{more}."
