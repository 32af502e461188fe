"""Implements `polysync drift`, which compares Jobs with the artefacts on platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import Session, open_session

if TYPE_CHECKING:
    from polysync_core.domain.json_types import JsonObject, JsonValue

_JOBS_PER_CALL = 50
_MEMBERS = ("jobs", "artefacts", "unlisted")

Platform = Annotated[
    str | None, typer.Argument(metavar="PLATFORM", help="Name of the platform; default: all.")
]


def drift(platform: Platform = None, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List jobs that differ from their artefacts, and artefacts without a job.

    The exit code is 1 if something differs or could not be read.
    """
    with open_session(url, as_json=as_json) as session:
        names = [platform] if platform is not None else _platforms(session)
        found = [_drift_of(session, name) for name in names]
        if as_json:
            session.terminal.json({"platforms": [*found]})
        else:
            from polysync_core.cli.views.definitions.drift import drift_view

            session.terminal.show(*drift_view(found))
    if any(_differs(each) for each in found):
        raise typer.Exit(1)


def _platforms(session: Session) -> list[str]:
    items, _ = session.api.items("platforms", limit=None)
    return [Reader("a platform", each).text("name") or "" for each in items]


def _drift_of(session: Session, platform: str) -> JsonObject:
    """Return the whole drift of one Platform."""
    found: JsonObject = {"platform": platform}
    members: dict[str, list[JsonValue]] = {name: [] for name in _MEMBERS}
    token: str | None = None
    while True:
        query = {"platform": platform, "limit": str(_JOBS_PER_CALL), "continuationToken": token}
        answer = session.api.get("drift", query=query, has="jobs")
        for name in _MEMBERS:
            listed = answer.get(name)
            members[name] += listed if isinstance(listed, list) else []
        token = Reader("the drift", answer).text("continuationToken")
        if token is None:
            return {**found, **members}


def _differs(found: JsonObject) -> bool:
    jobs = Reader("the drift", found).objects("jobs")
    return bool(found["unlisted"]) or any(each.get("state") != "equal" for each in jobs)
