"""What a task awaits of those it depends on, as it looks to people."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.json import JsonObject, Reader
from polysync_core.cli.terminal import readable
from polysync_core.cli.units import ABSENT, written_time
from polysync_core.cli.views import status_text, table_of

_SHOWN = 5


def gate_view(answer: JsonObject) -> list[RenderableType]:
    """Return the outcomes that a gate holds, a line each, and then the sentences."""
    edges = [Reader("an edge", edge) for edge in Reader("the gate", answer).objects("edges")]
    table = table_of("Depends on", "Condition", "Holds", "Run", "Status", "Finished")
    for edge in edges:
        tokens = [Reader("an outcome", token) for token in edge.objects("tokens")]
        facts = [edge.text("upstream"), edge.text("condition"), str(edge.number("held"))]
        for token in tokens[:_SHOWN] or [Reader("nothing", {})]:
            table.add_row(
                *(Text(readable(fact or "")) for fact in facts),
                Text(readable(token.text("runId") or token.text("schedule") or ABSENT)),
                status_text(token.text("status") or ABSENT),
                written_time(token.time("finishedAt")),
            )
            facts = ["", "", ""]
    sentences = answer.get("sentences")
    lines = sentences if isinstance(sentences, list) else []
    parts: list[RenderableType] = [table] if edges else []
    return parts + [Text(readable(line)) for line in lines if isinstance(line, str)]
