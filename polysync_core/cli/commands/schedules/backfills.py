"""Implements `polysync backfills`, which manages backfills (runs for past fire times)."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

One = Annotated[
    str | None,
    typer.Argument(metavar="BACKFILL", help="Only this backfill.", show_default=False),
]
OfTask = Annotated[str | None, typer.Option("--task", help="Only the backfills of this task.")]
Cancel = Annotated[
    bool, typer.Option("--cancel", help="Cancel every run of BACKFILL that has not ended.")
]


def backfills(
    backfill: One = None,
    task: OfTask = None,
    cancel: Cancel = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List backfills with their progress, or cancel one."""
    from polysync_core.cli.views.schedules.backfills import backfills_view

    if cancel and backfill is None:
        raise typer.BadParameter("name the backfill to cancel", param_hint="BACKFILL")
    with open_session(url, as_json=as_json) as session:
        if backfill is None:
            query = {} if task is None else {"task": task}
            answer = session.api.get("backfills", query=query, has="items")
        elif cancel:
            answer = session.api.post("backfills", backfill, "cancel", body=None, has="count")
        else:
            answer = session.api.get("backfills", backfill, has="count")
        if as_json:
            session.terminal.json(answer)
        else:
            session.terminal.show(*backfills_view(answer))
