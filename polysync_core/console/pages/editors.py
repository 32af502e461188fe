"""Lists the routes of the editors of platforms, vaults, limits, calendars and webhooks."""

from __future__ import annotations

from fastapi import APIRouter

from polysync_core.console.pages.vaults import editor as vaults


def editor_pages() -> list[APIRouter]:
    """Return the routes of these editors and of their lists."""
    return [vaults.router]
