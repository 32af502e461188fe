"""Implements `polysync dead-letters`, which lists poison messages that could not be processed."""

from __future__ import annotations

from polysync_core.cli.options import DEFAULT_URL, All, AsJson, Limit, Url
from polysync_core.cli.session import open_session


def dead_letters(
    limit: Limit = 20, everything: All = False, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """List poison messages: those that were abandoned after every attempt failed."""
    with open_session(url, as_json=as_json) as session:
        items, token = session.api.items("poison-messages", limit=None if everything else limit)
        if as_json:
            session.terminal.json({"items": [*items], "continuationToken": token})
            return
        from polysync_core.cli.views.operations.dead_letters import dead_letters_view

        if items:
            session.terminal.show(dead_letters_view(items))
        if token or not items:
            more = "There are more: use --limit N or --all."
            session.terminal.note(more if token else "No message was abandoned.")
