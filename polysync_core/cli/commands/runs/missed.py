"""Implements `polysync missed`, which lists skipped runs and missed fire times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

Days = Annotated[int, typer.Option(min=1, max=31, help="Length of the period, back from now.")]


def missed(days: Days = 7, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List skipped runs by root cause, missed fire times, stopped schedules and more."""
    from polysync_core.domain.clock import rfc3339

    since = rfc3339(datetime.now(UTC) - timedelta(days=days))
    with open_session(url, as_json=as_json) as session:
        answer = session.api.get("missed", query={"since": since}, has="skipped")
        if as_json:
            session.terminal.json(answer)
        else:
            from polysync_core.cli.views.runs.missed import missed_view

            session.terminal.show(*missed_view(answer))
