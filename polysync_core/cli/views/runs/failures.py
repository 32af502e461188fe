"""Builds the terminal table of failed runs, grouped by Task, cause and error."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Column, Moment, Wrap
from polysync_core.cli.layout.tables import name_column, new_table, whole_column
from polysync_core.domain.json_types import JsonObject


def failures_view(answer: JsonObject) -> list[RenderableType]:
    """Return the groups, each with its newest run and error."""
    reader = Reader("the failures", answer)
    groups = [Reader("a group", each) for each in reader.objects("groups")]
    if not groups:
        return [Text("No failed runs.")]
    table = new_table(
        whole_column("Runs"),
        name_column("Task"),
        whole_column("Cause"),
        whole_column("Newest run"),
        whole_column("Queued", drop=1),
        Column("Error", wrap=Wrap.BELOW),
    )
    for group in groups:
        table.add(
            str(group.number("count")),
            group.text("task") or group.text("job"),
            group.text("cause"),
            next(iter(group.texts("runIds")), None),
            Moment(group.time("lastAt")),
            group.text("error"),
        )
    if answer.get("isComplete") is False:
        return [table, Text("There are older failed runs: narrow the time or the filters.")]
    return [table]
