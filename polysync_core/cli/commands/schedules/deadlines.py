"""Implements `polysync deadlines`, which shows a Task's next and past deadlines."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

OneTask = Annotated[str, typer.Argument(metavar="TASK", help="The task.", show_default=False)]


def deadlines(task: OneTask, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show the next deadlines of a task and the last results."""
    with open_session(url, as_json=as_json) as session:
        answer = session.api.get("tasks", task, "deadlines", has="results")
        if as_json:
            session.terminal.json(answer)
        else:
            from polysync_core.cli.views.schedules.deadlines import deadlines_view

            session.terminal.show(*deadlines_view(answer))
