"""Implements `polysync deliveries`, which lists the recent deliveries of a webhook."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

Webhook = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Name of the webhook.")]


def deliveries(webhook: Webhook, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the recent attempts to deliver events to a webhook."""
    with open_session(url, as_json=as_json) as session:
        answer = session.api.get("webhooks", webhook, "deliveries", has="items")
        if as_json:
            session.terminal.json(answer)
            return
        from polysync_core.cli.views.definitions.deliveries import deliveries_view

        if answer.get("items"):
            session.terminal.show(deliveries_view(answer))
        else:
            session.terminal.note("No event was sent to it yet.")
