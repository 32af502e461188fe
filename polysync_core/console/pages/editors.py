"""Collects the routes of the definition editors, except those of Jobs and Tasks."""

from __future__ import annotations

from polysync_core.console.pages.calendars import editor as calendars
from polysync_core.console.pages.limits import editor as limits
from polysync_core.console.pages.platforms import artefacts
from polysync_core.console.pages.platforms import editor as platforms
from polysync_core.console.pages.receivers import editor as receivers
from polysync_core.console.pages.vaults import editor as vaults
from polysync_core.console.pages.webhooks import editor as webhooks
from polysync_core.console.routing import PageRouter


def editor_pages() -> list[PageRouter]:
    """Return the routes of these editors and of their lists."""
    return [
        artefacts.router,
        platforms.router,
        limits.router,
        calendars.router,
        vaults.router,
        webhooks.router,
        receivers.router,
    ]
