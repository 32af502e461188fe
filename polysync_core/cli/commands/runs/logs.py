"""Implements `polysync logs`, which shows the failure details of an attempt."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.api.logs import LogsAnswer
from polysync_core.cli.options import DEFAULT_URL, AsJson, Last, RunName, Url
from polysync_core.cli.run_names import find_run_id, require_one_name
from polysync_core.cli.session import open_session

AttemptNumber = Annotated[
    int | None,
    typer.Option("--attempt", min=1, help="Number of the attempt; by default the last."),
]


def logs(
    run: RunName = None,
    last: Last = False,
    attempt: AttemptNumber = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show the failure details of the platform: errors and stack traces, without secrets."""
    query = {"attempt": None if attempt is None else str(attempt)}
    require_one_name(run, last=last)
    with open_session(url, as_json=as_json) as session:
        run_id = find_run_id(session.api, run)
        answer = session.api.get("task-runs", run_id, "logs", query=query)
        decoded = LogsAnswer.decode(answer)
        if as_json:
            session.terminal.json(answer)
        else:
            from polysync_core.cli.views.runs.logs import logs_view

            session.terminal.show(*logs_view(decoded))
    if decoded.is_unread:
        raise typer.Exit(1)
