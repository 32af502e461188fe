"""Why a run waits, as the API explains it, and how that looks to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.json import JsonObject, Reader
from polysync_core.cli.terminal import readable
from polysync_core.cli.units import ABSENT, written_time
from polysync_core.cli.views import status_text, table_of

_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One thing that a run waits for."""

    kind: str
    name: str
    level: str
    needs: int
    holders: Sequence[str]
    until: datetime | None

    @classmethod
    def decode(cls, answer: JsonObject) -> Hold:
        """Read what a run waits for.

        Raises:
            UnexpectedAnswer: it is not one.
        """
        reader = Reader("the explanation", answer)
        used, limit = reader.text("used"), reader.number("limit")
        return cls(
            kind=reader.text("kind") or "?",
            name=reader.text("profile") or reader.text("scope") or ABSENT,
            level=ABSENT if used is None else f"{used} of {limit}",
            needs=reader.number("needs"),
            holders=[
                Reader("a holder", each).text("runId") or "?" for each in reader.objects("heldBy")
            ],
            until=reader.time("until"),
        )


def explanation_view(answer: JsonObject) -> list[RenderableType]:
    """Return the limits that hold a run back, a line each, and then the sentences."""
    reader = Reader("the explanation", answer)
    holds = [Hold.decode(each) for each in reader.objects("waitingFor")]
    heading = Text(f"Run {reader.text('runId')} is ")
    heading.append(status_text(reader.text("status") or "?"))
    if reader.text("position") is not None:
        heading.append(f", number {reader.number('position')} of those that wait for the same")
    parts: list[RenderableType] = [heading.append(".")]
    if holds:
        table = table_of("Waits for", "Name", "Used", "Needs", "Held by", "Not before")
        for hold in holds:
            named = ", ".join(hold.holders[:_NAMED])
            more = len(hold.holders) - _NAMED
            table.add_row(
                Text(readable(hold.kind)),
                Text(readable(hold.name)),
                hold.level,
                str(hold.needs),
                Text(readable(named + (f" and {more} more" if more > 0 else "")) or ABSENT),
                written_time(hold.until),
            )
        parts.append(table)
    sentences = answer.get("sentences")
    lines = sentences if isinstance(sentences, list) else []
    return parts + [Text(readable(line)) for line in lines if isinstance(line, str)]
