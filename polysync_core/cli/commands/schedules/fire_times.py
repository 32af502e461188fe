"""Implements `polysync fire-times`, which shows the next fire times of a Task."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, TaskName, Url
from polysync_core.cli.session import open_session

Count = Annotated[int, typer.Option(min=1, max=100, help="Number of fire times.")]


def fire_times(
    task: TaskName, count: Count = 10, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Show the next fire times of a task, with notes on calendars and daylight saving."""
    with open_session(url, as_json=as_json) as session:
        answer = session.api.get(
            "tasks", task, "fire-times", query={"count": str(count)}, has="items"
        )
        if as_json:
            session.terminal.json(answer)
        else:
            from polysync_core.cli.views.fire_times import fire_times_view

            session.terminal.show(*fire_times_view(answer))
