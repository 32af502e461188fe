"""Builds the terminal table of a Task's next deadlines and last deadline results."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Moment
from polysync_core.cli.layout.tables import name_column, new_table, text_column, whole_column
from polysync_core.domain.json_types import JsonObject


def deadlines_view(answer: JsonObject) -> list[RenderableType]:
    """Return the next deadlines of a task and the last results, one per line.

    Raises:
        MalformedAnswer: the answer is malformed.
    """
    reader = Reader("the deadlines", answer)
    table = new_table(
        whole_column("Deadline"),
        name_column("Kind"),
        whole_column("Result"),
        whole_column("Recovered", drop=1),
        text_column("Reason"),
    )
    upcoming = [Reader("a deadline", each) for each in reader.objects("upcoming")]
    results = [Reader("a result", each) for each in reader.objects("results")]
    for each in reversed(upcoming):
        table.add(Moment(each.time("at")), each.text("kind"), "next", None, None)
    for each in results:
        is_met = each.members.get("isMet") is True
        table.add(
            Moment(each.time("at")),
            each.text("kind"),
            "met" if is_met else each.text("cause"),
            Moment(each.time("recoveredAt")),
            each.text("reason"),
        )
    if not upcoming and not results:
        return [Text("The task expects no time of a start or an end.")]
    return [table]
