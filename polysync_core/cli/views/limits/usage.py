"""Builds the terminal tables of runs that use or await limits (contention profiles)."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Moment
from polysync_core.cli.layout.tables import (
    link_column,
    name_column,
    new_table,
    runs_cell,
    whole_column,
)
from polysync_core.cli.terminal import printable
from polysync_core.domain.json_types import JsonObject


def usages_view(answer: JsonObject) -> list[RenderableType]:
    """Return the usage of several profiles, one below the other."""
    reader = Reader("the usage", answer)
    parts = [part for each in reader.objects("items") for part in usage_view(each)]
    if not parts:
        return [Text("No contention profiles.")]
    if reader.text("continuationToken"):
        parts.append(Text("More contention profiles follow: raise --limit, or name one."))
    return parts


def usage_view(answer: JsonObject) -> list[RenderableType]:
    """Return the usage of a profile, a line for each Platform that is counted separately."""
    reader = Reader("the usage", answer)
    title = f"Contention profile {reader.text('name')} ({reader.text('type')})"
    if answer.get("enabled") is False:
        return [Text(printable(f"{title} is disabled and limits no run."))]
    counters = [Reader("a counter", each) for each in reader.objects("counters")]
    if not counters:
        return [Text(printable(f"{title} is not in use: no run under it waits or runs."))]
    table = new_table(
        name_column("Platform"),
        whole_column("Used"),
        link_column("Held by"),
        whole_column("Waiting"),
        link_column("Next in line"),
        whole_column("Next start", drop=1),
    )
    for counter in counters:
        table.add(
            counter.text("platform") or "all platforms",
            f"{counter.number('used')} of {counter.number('limit')}",
            runs_cell(counter.objects("holders")),
            str(counter.number("queueLength")),
            runs_cell(counter.objects("queue")),
            Moment(counter.time("nextStart")),
        )
    return [Text(printable(f"{title}:")), table]
