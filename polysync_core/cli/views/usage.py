"""Shows the runs that use or await a contention profile (`usage`)."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.terminal import printable
from polysync_core.cli.views.formats import format_time
from polysync_core.cli.views.tables import cell, new_table
from polysync_core.domain.json_types import JsonObject

_MAX_RUNS = 3


def usage_view(answer: JsonObject) -> list[RenderableType]:
    """Return the usage of a profile, a line for each Platform that is counted separately."""
    reader = Reader("the usage", answer)
    name = f"Contention profile {reader.text('name')} ({reader.text('type')})"
    if answer.get("enabled") is False:
        return [Text(printable(f"{name} is disabled and limits no run."))]
    counters = [Reader("a counter", each) for each in reader.objects("counters")]
    if not counters:
        return [Text(printable(f"{name} is not in use: no run under it waits or runs."))]
    table = new_table("Platform", "Used", "Held by", "Waiting", "Next in line", "Next start")
    for counter in counters:
        table.add_row(
            Text(printable(counter.text("platform") or "all platforms")),
            f"{counter.number('used')} of {counter.number('limit')}",
            _run_ids(counter.objects("holders")),
            str(counter.number("queueLength")),
            _run_ids(counter.objects("queue")),
            format_time(counter.time("nextStart")),
        )
    return [Text(printable(f"{name}:")), table]


def _run_ids(runs: Sequence[JsonObject]) -> Text:
    """Return the first run ids; the API lists at most 100, so the others are not counted."""
    shown = [Reader("a run", each).text("runId") or "?" for each in runs[:_MAX_RUNS]]
    return cell(", ".join([*shown, *(["…"] if len(runs) > _MAX_RUNS else [])]))
