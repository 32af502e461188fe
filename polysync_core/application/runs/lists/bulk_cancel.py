"""Cancels the active runs that match the filters of a list."""

from __future__ import annotations

from dataclasses import replace

from polysync_core.application.ports import Engine
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.status import TERMINAL_STATUSES
from polysync_core.domain.runs.stored import Page

_NO_FILTERS = Listing()


def active_listing(listing: Listing) -> Listing:
    """Return a list of active runs only.

    Raises:
        Invalid: the list has no filter, or it asks for runs that have ended.
    """
    if ended := sorted(listing.statuses & TERMINAL_STATUSES):
        raise Invalid.at("status", f"must be Queued or Running: a {ended[0]} run never changes")
    if listing.identity == _NO_FILTERS.identity and listing.since is listing.until is None:
        raise Invalid.at("status", "give a filter: status=Queued&status=Running means all runs")
    return replace(listing, statuses=listing.statuses or frozenset(RunStatus) - TERMINAL_STATUSES)


def cancel_matching(
    runs: TaskRuns, listing: Listing, *, actor: str, engine: Engine
) -> Page[TaskRun]:
    """Cancel the runs of one page of a list, and return the page.

    The waiting runs of the page are cancelled first, so that no slot that becomes free starts one.
    Idempotent: a run that has ended meanwhile is left alone. Raises `Invalid`.
    """
    page = runs.page(active_listing(listing))
    waiting_first = sorted(page.items, key=lambda run: run.status is not RunStatus.QUEUED)
    cancelled = {
        run.run_id: runs.cancel(run.run_id, actor=actor, engine=engine) for run in waiting_first
    }
    return replace(page, items=[cancelled[run.run_id] for run in page.items])
