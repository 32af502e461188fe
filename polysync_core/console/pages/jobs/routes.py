"""Collects the routers of all HTML pages of Jobs."""

from __future__ import annotations

from polysync_core.console.pages.jobs import (
    create_task,
    editor,
    execute,
    jobs,
    live_run,
    platform_runs,
    sync_parameters,
)
from polysync_core.console.routing import PageRouter


def job_routers() -> list[PageRouter]:
    """Return the routes of all pages of Jobs."""
    return [
        jobs.router,
        sync_parameters.router,
        execute.router,
        live_run.router,
        create_task.router,
        platform_runs.router,
        editor.router,
    ]
