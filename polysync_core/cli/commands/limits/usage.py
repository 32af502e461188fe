"""Implements `polysync usage`, which shows the runs that use or await a limit."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

ProfileName = Annotated[
    str | None,
    typer.Argument(metavar="PROFILE", help="Only this contention profile.", show_default=False),
]
Limit = Annotated[int, typer.Option(min=1, max=100, help="Maximum number of profiles.")]


def usage(
    profile: ProfileName = None, limit: Limit = 50, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Show the usage of contention profiles: holders, waiting runs and the next start."""
    from polysync_core.cli.views.limits.usage import usage_view, usages_view

    with open_session(url, as_json=as_json) as session:
        if profile is None:
            answer = session.api.get("limits", query={"limit": str(limit)}, has="items")
        else:
            answer = session.api.get("contention-profiles", profile, "usage", has="name")
        if as_json:
            session.terminal.json(answer)
        elif profile is None:
            session.terminal.show(*usages_view(answer))
        else:
            session.terminal.show(*usage_view(answer))
