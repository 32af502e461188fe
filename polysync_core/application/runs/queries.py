"""Reads a task run by id, and the newest run of a list."""

from __future__ import annotations

from dataclasses import replace

from polysync_core.application.ports import RunReader
from polysync_core.domain.errors import NotFound
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.stored import Listing, StoredRun

_MAX_PAGES = 20
"""The maximum number of pages to read, because the list may hold no run."""


def read_run(runs: RunReader, run_id: RunId) -> StoredRun:
    """Return a run, or raise `NotFound`."""
    stored = runs.get(run_id)
    if stored is None:
        raise NotFound("There is no task run of this id.")
    return stored


def newest_run(runs: RunReader, listing: Listing) -> TaskRun | None:
    """Return the newest run of a list; None for an empty list, or after `_MAX_PAGES` pages."""
    for _ in range(_MAX_PAGES):
        page = runs.page(replace(listing, limit=1))
        if page.items:
            return page.items[0]
        if page.continuation_token is None:
            return None
        listing = replace(listing, continuation_token=page.continuation_token)
    return None


def newest_success(runs: RunReader, task: str) -> TaskRun | None:
    """Return the successful run of a Task that was accepted last."""
    return newest_run(runs, Listing(task=task, status=RunStatus.SUCCEEDED))
