"""Implements `polysync artefacts`, which lists the notebooks, pipelines and jobs of a platform."""

from __future__ import annotations

from polysync_core.cli.options import (
    DEFAULT_URL,
    All,
    AsJson,
    JobType,
    Limit,
    PlatformName,
    Search,
    Url,
)
from polysync_core.cli.session import open_session


def artefacts(  # noqa: PLR0913 - one parameter per option
    platform: PlatformName,
    job_type: JobType = None,
    search: Search = None,
    limit: Limit = 20,
    everything: All = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List the artefacts of a platform, and the jobs that run them."""
    with open_session(url, as_json=as_json) as session:
        items, token = session.api.items(
            *("platforms", platform, "artefacts"),
            query={"jobType": job_type, "search": search},
            limit=None if everything else limit,
        )
        if as_json:
            session.terminal.json({"items": [*items], "continuationToken": token})
            return
        from polysync_core.cli.views.definitions.artefacts import artefact_problems, artefacts_view

        if items:
            session.terminal.show(artefacts_view(items))
        for problem in artefact_problems(items):
            session.terminal.note(problem)
        if token or not items:
            more = "There are more: use --limit N or --all."
            session.terminal.note(more if token else "No artefacts found.")
