"""Implements `polysync fire-times`, which lists the next fire times of Tasks."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

OneTask = Annotated[
    str | None, typer.Argument(metavar="TASK", help="Only this task.", show_default=False)
]
Count = Annotated[int, typer.Option(min=1, max=100, help="Number of fire times.")]
Days = Annotated[int, typer.Option(min=1, max=366, help="Without TASK: number of days.")]
Begin = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="DATE", help="Without TASK: the first day, in UTC; by default now."
    ),
]


def fire_times(  # noqa: PLR0913 - one parameter per option
    task: OneTask = None,
    count: Count = 10,
    days: Days = 7,
    begin: Begin = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show the next fire times of one task or of all tasks, with notes."""
    from polysync_core.cli.views.schedules.fire_times import all_fire_times_view, fire_times_view

    if begin is not None and task is not None:
        raise typer.BadParameter("needs all tasks: leave TASK out", param_hint="--from")
    with open_session(url, as_json=as_json) as session:
        if task is None:
            query = {"limit": str(count), **_window(begin, days)}
            answer = session.api.get("fire-times", query=query, has="items")
        else:
            answer = session.api.get(
                "tasks", task, "fire-times", query={"count": str(count)}, has="items"
            )
        if as_json:
            session.terminal.json(answer)
        elif task is None:
            session.terminal.show(*all_fire_times_view(answer))
        else:
            session.terminal.show(*fire_times_view(answer))


def _window(begin: str | None, days: int) -> dict[str, str]:
    """Return the query of some days from a date, or from now."""
    from datetime import UTC, date, datetime, time, timedelta

    from polysync_core.domain.clock import rfc3339

    if begin is None:
        return {"to": rfc3339(datetime.now(UTC) + timedelta(days=days))}
    try:
        start = datetime.combine(date.fromisoformat(begin), time(tzinfo=UTC))
        end = start + timedelta(days=days)
    except (ValueError, OverflowError) as error:
        message = "must be a date such as 2026-12-31"
        raise typer.BadParameter(message, param_hint="--from") from error
    return {"from": rfc3339(start), "to": rfc3339(end)}
