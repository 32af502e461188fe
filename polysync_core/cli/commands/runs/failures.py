"""Implements `polysync failures`, which groups failed runs by task, cause and error."""

from __future__ import annotations

from polysync_core.cli.commands.runs.runs import OfCause, OfPlatform, OfTag, OfTask, Since, Until
from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session


def failures(  # noqa: PLR0913 - one parameter per option
    task: OfTask = None,
    platform: OfPlatform = None,
    cause: OfCause = None,
    tag: OfTag = None,
    since: Since = "24h",
    until: Until = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Group failed runs by task, cause and error, the largest group first."""
    from polysync_core.cli.views.runs.failures import failures_view

    query = {
        "task": task,
        "platform": platform,
        "cause": cause,
        "tag": tag,
        "since": since,
        "until": until,
    }
    with open_session(url, as_json=as_json) as session:
        answer = session.api.get("failures", query=query, has="groups")
        if as_json:
            session.terminal.json(answer)
        else:
            session.terminal.show(*failures_view(answer))
