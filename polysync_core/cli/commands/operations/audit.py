"""Implements `polysync audit`, which lists a day's changes with the users who made them."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, All, AsJson, Limit, Url
from polysync_core.cli.session import open_session

Day = Annotated[
    str | None, typer.Option("--day", metavar="DATE", help="A day in UTC; the default is today.")
]


def audit(
    day: Day = None,
    limit: Limit = 20,
    everything: All = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List the changes of a day with their callers, newest first."""
    with open_session(url, as_json=as_json) as session:
        query = {"day": day}
        items, token = session.api.items("audit", query=query, limit=None if everything else limit)
        if as_json:
            session.terminal.json({"items": [*items], "continuationToken": token})
            return
        from polysync_core.cli.views.operations.audit import audit_view

        if items:
            session.terminal.show(audit_view(items))
        if token or not items:
            more = "There are more: use --limit N or --all."
            session.terminal.note(more if token else "No changes.")
