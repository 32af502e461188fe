"""How a contention profile is used, as the API tells it, and how that looks to people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.json import JsonObject, Reader
from polysync_core.cli.terminal import readable
from polysync_core.cli.units import ABSENT, written_time
from polysync_core.cli.views import table_of

_NAMED = 3


def usage_view(answer: JsonObject) -> list[RenderableType]:
    """Return what is taken of a profile, a line for each Platform that it counts apart."""
    reader = Reader("the usage", answer)
    name = f"Contention profile {reader.text('name')} ({reader.text('type')})"
    if answer.get("enabled") is False:
        return [Text(readable(f"{name} is disabled: it limits nothing."))]
    counters = [Reader("a counter", each) for each in reader.objects("counters")]
    if not counters:
        return [Text(readable(f"{name} is not in use: nothing that it limits waits or runs."))]
    table = table_of("Platform", "Used", "Held by", "Waiting", "Next in line", "Next start")
    for counter in counters:
        table.add_row(
            Text(readable(counter.text("platform") or "all together")),
            f"{counter.number('used')} of {counter.number('limit')}",
            _named(counter.objects("holders")),
            str(counter.number("queueLength")),
            _named(counter.objects("queue")),
            written_time(counter.time("nextStart")),
        )
    return [Text(readable(f"{name}:")), table]


def _named(runs: Sequence[JsonObject]) -> Text:
    named = [Reader("a run", each).text("runId") or "?" for each in runs[:_NAMED]]
    more = ["…"] if len(runs) > _NAMED else []
    return Text(readable(", ".join([*named, *more])) or ABSENT)
