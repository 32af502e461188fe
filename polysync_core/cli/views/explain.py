"""Shows the limits that block a run, and the gate of a Task (`explain`)."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.statuses import status_cell
from polysync_core.cli.terminal import printable
from polysync_core.cli.views.formats import ABSENT, format_time
from polysync_core.cli.views.tables import (
    cell,
    lines,
    names_cell,
    new_table,
)
from polysync_core.domain.json_types import JsonObject

_MAX_TOKENS = 5


def explanation_view(answer: JsonObject) -> list[RenderableType]:
    """Return the limits that hold a run back, one per line, and the sentences."""
    reader = Reader("the explanation", answer)
    heading = Text(printable(f"Run {reader.text('runId')} is "))
    heading.append(status_cell(reader.text("status") or "?"))
    if reader.text("position") is not None:
        heading.append(f", number {reader.number('position')} in the queue for its limits")
    parts: list[RenderableType] = [heading.append(".")]
    reasons = [Reader("the explanation", each) for each in reader.objects("waitingFor")]
    if reasons:
        table = new_table("Waits for", "Name", "Used", "Needs", "Held by", "Not before")
        for reason in reasons:
            _add_reason(table, reason)
        parts.append(table)
    return [*parts, *lines(reader.texts("sentences"))]


def gate_view(answer: JsonObject) -> list[RenderableType]:
    """Return the tokens that a gate holds, one per line, and the sentences."""
    reader = Reader("the gate", answer)
    edges = [Reader("an edge", edge) for edge in reader.objects("edges")]
    table = new_table("Depends on", "Condition", "Holds", "Run", "Status", "Finished")
    for edge in edges:
        tokens = [Reader("a token", token) for token in edge.objects("tokens")]
        facts = [edge.text("upstream"), edge.text("condition"), str(edge.number("held"))]
        for token in tokens[:_MAX_TOKENS] or [Reader("a token", {})]:
            table.add_row(
                *(Text(printable(fact or "")) for fact in facts),
                cell(token.text("runId") or token.text("schedule")),
                status_cell(token.text("status") or ABSENT),
                format_time(token.time("finishedAt")),
            )
            facts = ["", "", ""]
    parts: list[RenderableType] = [table] if edges else []
    return [*parts, *lines(reader.texts("sentences"))]


def _add_reason(table: Table, reason: Reader) -> None:
    used = reason.text("used")
    holders = [Reader("a holder", each).text("runId") or "?" for each in reason.objects("heldBy")]
    table.add_row(
        cell(reason.text("kind") or "?"),
        cell(reason.text("profile") or reason.text("scope")),
        ABSENT if used is None else f"{used} of {reason.number('limit')}",
        str(reason.number("needs")),
        names_cell(holders),
        format_time(reason.time("until")),
    )
