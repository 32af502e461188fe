"""Collects the routers of all HTML pages of Tasks."""

from __future__ import annotations

from polysync_core.console.editing.routes import editor_routes
from polysync_core.console.pages.tasks import backfill, bulk, events, gate, listing, run_once
from polysync_core.console.pages.tasks.editor import previewing
from polysync_core.console.pages.tasks.editor.definition import TASKS
from polysync_core.console.routing import PageRouter


def task_routers() -> list[PageRouter]:
    """Return the routers; those of fixed paths come before those with a name."""
    return [
        listing.router,
        bulk.router,
        backfill.router,
        run_once.router,
        gate.router,
        events.router,
        previewing.router,
        editor_routes(TASKS),
    ]
