"""Builds the terminal output that explains why a run or Task waits."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import FittedTable, Moment
from polysync_core.cli.layout.formats import ABSENT
from polysync_core.cli.layout.sentences import Sentence
from polysync_core.cli.layout.status_colours import status_cell
from polysync_core.cli.layout.tables import (
    lines,
    link_column,
    name_column,
    new_table,
    runs_cell,
    whole_column,
)
from polysync_core.cli.terminal import printable
from polysync_core.domain.json_types import JsonObject

_MAX_TOKENS = 5


def explanation_view(answer: JsonObject) -> list[RenderableType]:
    """Return the limits that hold a run back, one per line, and the sentences."""
    reader = Reader("the explanation", answer)
    heading = Text(printable(f"Run {reader.text('runId')} is "))
    heading.append(status_cell(reader.text("status") or "?"))
    if reader.text("position") is not None:
        heading.append(f", number {reader.number('position')} in the queue for its limits")
    parts: list[RenderableType] = [Sentence(heading.append("."))]
    reasons = [Reader("the explanation", each) for each in reader.objects("waitingFor")]
    if reasons:
        table = new_table(
            whole_column("Waits for"),
            name_column("Name"),
            whole_column("Used"),
            whole_column("Needs", drop=2),
            link_column("Held by"),
            whole_column("Not before", drop=1),
        )
        for reason in reasons:
            _add_reason(table, reason)
        parts.append(table)
    return [*parts, *lines(reader.texts("sentences"))]


def gate_view(answer: JsonObject) -> list[RenderableType]:
    """Return the tokens that a gate holds, one per line, and the sentences."""
    reader = Reader("the gate", answer)
    edges = [Reader("an edge", edge) for edge in reader.objects("edges")]
    table = new_table(
        name_column("Depends on"),
        whole_column("Condition", drop=2),
        whole_column("Holds", drop=3),
        whole_column("Run"),
        whole_column("Status"),
        whole_column("Finished", drop=1),
    )
    for edge in edges:
        tokens = [Reader("a token", token) for token in edge.objects("tokens")]
        conditions = filter(None, [edge.alternatives("condition"), edge.text("when")])
        facts = [edge.text("upstream"), " and ".join(conditions), str(edge.number("held"))]
        for token in tokens[:_MAX_TOKENS] or [Reader("a token", {})]:
            table.add(
                *(Text(printable(fact or "")) for fact in facts),
                token.text("runId") or token.text("schedule"),
                status_cell(token.text("status") or ABSENT),
                Moment(token.time("finishedAt")),
            )
            facts = ["", "", ""]
    parts: list[RenderableType] = [table] if edges else []
    return [*parts, *lines(reader.texts("sentences"))]


def _add_reason(table: FittedTable, reason: Reader) -> None:
    used = reason.text("used")
    table.add(
        reason.text("kind") or "?",
        reason.text("profile") or reason.text("scope"),
        ABSENT if used is None else f"{used} of {reason.number('limit')}",
        str(reason.number("needs")),
        runs_cell(reason.objects("heldBy")),
        Moment(reason.time("until")),
    )
