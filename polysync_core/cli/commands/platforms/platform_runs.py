"""Implements `polysync platform-runs`, which lists a Job's runs as the platform reports them."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.options import DEFAULT_URL, AsJson, JobName, Url
from polysync_core.cli.session import open_session

Limit = Annotated[int, typer.Option("--limit", min=1, max=100, help="Maximum number of entries.")]


def platform_runs(
    job: JobName, limit: Limit = 20, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """List the newest runs of a job on its platform, including runs started elsewhere."""
    with open_session(url, as_json=as_json) as session:
        answer = session.api.get(
            "jobs", job, "platform-runs", query={"limit": str(limit)}, has="items"
        )
        if as_json:
            session.terminal.json(answer)
            return
        from polysync_core.cli.views.platforms.platform_runs import platform_runs_view

        reader = Reader("the list", answer)
        items, note = reader.objects("items"), reader.text("note")
        if items:
            session.terminal.show(platform_runs_view(items))
        if reader.text("continuationToken"):
            note = "There are more: use --limit N, up to 100."
        if note or not items:
            session.terminal.note(note or "No runs.")
