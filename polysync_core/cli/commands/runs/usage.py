"""Implements `polysync usage`, which shows the runs that use or await a contention profile."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

ProfileName = Annotated[
    str, typer.Argument(metavar="PROFILE", help="Name of a contention profile.")
]


def usage(profile: ProfileName, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show the usage of a contention profile: holders, waiting runs and the next start."""
    with open_session(url, as_json=as_json) as session:
        answer = session.api.get("contention-profiles", profile, "usage", has="name")
        if as_json:
            session.terminal.json(answer)
        else:
            from polysync_core.cli.views.usage import usage_view

            session.terminal.show(*usage_view(answer))
