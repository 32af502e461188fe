"""Implements `polysync deliveries`, which lists recent deliveries to a webhook or a receiver."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the webhook, or of the receiver.")
]
IsReceiver = Annotated[
    bool, typer.Option("--receiver", help="The name is that of a receiver of notifications.")
]


def deliveries(
    name: Name, receiver: IsReceiver = False, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """List the recent deliveries of events to a webhook, or of messages to a receiver."""
    with open_session(url, as_json=as_json) as session:
        path = "receivers" if receiver else "webhooks"
        answer = session.api.get(path, name, "deliveries", has="items")
        if as_json:
            session.terminal.json(answer)
            return
        from polysync_core.cli.views.definitions.deliveries import deliveries_view

        if answer.get("items"):
            session.terminal.show(deliveries_view(answer))
        else:
            session.terminal.note("No event was sent to it yet.")
