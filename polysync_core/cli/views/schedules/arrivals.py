"""Builds the terminal tables of a Task's event triggers (arrivals) and received events."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Moment
from polysync_core.cli.layout.tables import name_column, new_table, text_column, whole_column
from polysync_core.domain.json_types import JsonObject


def arrivals_view(answer: JsonObject) -> list[RenderableType]:
    """Return the arrivals of a task, and the newest events from their sources."""
    reader = Reader("the arrivals", answer)
    statuses = [Reader("an arrival", each) for each in reader.objects("items")]
    if not statuses:
        return [Text("The task has no arrivals.")]
    events = [Reader("an event", each) for each in reader.objects("events")]
    lines = [Text(_sentence(each)) for each in statuses]
    return [*lines, *_events(events)]


def _sentence(status: Reader) -> str:
    name, collecting = status.text("name"), status.object("collecting")
    if collecting:
        return f"Arrival {name}: {Reader('a batch', collecting).text('sentence')}"
    return f"Arrival {name}: no event waits."


def _events(events: list[Reader]) -> Iterator[RenderableType]:
    if not events:
        return
    table = new_table(
        whole_column("Received"),
        name_column("Event"),
        name_column("Arrival", drop=1),
        whole_column("Outcome"),
        text_column("Reason"),
    )
    for each in events:
        table.add(
            Moment(each.time("receivedAt")),
            each.text("subject") or each.text("id"),
            each.text("arrival"),
            each.text("outcome"),
            each.text("runId") or each.text("reason"),
        )
    yield table
