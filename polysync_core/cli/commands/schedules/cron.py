"""Implements `polysync cron`, which explains a cron expression and previews its fire times."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

Expression = Annotated[
    str, typer.Argument(metavar="EXPRESSION", help='In quotes, such as "30 2 * * MON-FRI".')
]
Zone = Annotated[str, typer.Option("--zone", help="An IANA time zone.")]
Calendar = Annotated[
    list[str] | None, typer.Option("--calendar", help="A calendar with excluded dates.")
]
Count = Annotated[int, typer.Option(min=1, max=100, help="Number of fire times.")]


def cron(  # noqa: PLR0913 - one parameter per option
    expression: Expression,
    zone: Zone = "UTC",
    calendar: Calendar = None,
    count: Count = 5,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Explain a cron expression in words, with its next fire times and notes."""
    query = {"expression": expression, "timeZone": zone, "count": str(count)}
    with open_session(url, as_json=as_json) as session:
        answer = session.api.get(
            "cron", query={**query, "calendar": calendar or []}, has="description"
        )
        if as_json:
            session.terminal.json(answer)
        else:
            from polysync_core.cli.views.schedules.cron import cron_view

            session.terminal.show(*cron_view(answer))
