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
Days = Annotated[int, typer.Option(min=1, max=366, help="Without TASK: number of days from now.")]


def fire_times(
    task: OneTask = None,
    count: Count = 10,
    days: Days = 7,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show the next fire times of one task or of all tasks, with notes."""
    from polysync_core.cli.views.schedules.fire_times import all_fire_times_view, fire_times_view

    with open_session(url, as_json=as_json) as session:
        if task is None:
            query = {"limit": str(count), "to": _after(days)}
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


def _after(days: int) -> str:
    from datetime import UTC, datetime, timedelta

    from polysync_core.domain.clock import rfc3339

    return rfc3339(datetime.now(UTC) + timedelta(days=days))
