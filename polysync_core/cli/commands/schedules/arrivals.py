"""Implements `polysync arrivals`, which shows a Task's event triggers and received events."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

TaskName = Annotated[str, typer.Argument(metavar="TASK", help="The task.")]


def arrivals(task: TaskName, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show the events that a task collects, and the newest events with their outcomes."""
    from polysync_core.cli.views.schedules.arrivals import arrivals_view

    with open_session(url, as_json=as_json) as session:
        answer = session.api.get("tasks", task, "arrivals", has="items")
        if as_json:
            session.terminal.json(answer)
        else:
            session.terminal.show(*arrivals_view(answer))
