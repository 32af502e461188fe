"""Bounds the lists of missed work in time and in number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from polysync_core.application.ports import RunReader
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun

DEFAULT_PERIOD = timedelta(days=7)
MAX_PERIOD = timedelta(days=31)
MAX_EXAMINED = 200
"""The most stored entries that one list examines."""
_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded[T]:
    """The newest items of a list; older ones may exist unless it is complete."""

    items: Sequence[T]
    is_complete: bool = True


def period_start(since: datetime | None, now: datetime) -> datetime:
    """Return the start of the examined period; raises `Invalid` beyond `MAX_PERIOD`."""
    if since is None:
        return now - DEFAULT_PERIOD
    if since > now:
        raise Invalid.at("since", "must not be in the future")
    if now - since > MAX_PERIOD:
        raise Invalid.at("since", f"must not be more than {MAX_PERIOD.days} days ago")
    return since


def newest_runs(
    runs: RunReader,
    listing: Listing,
    since: datetime,
    wanted: Callable[[TaskRun], bool] = lambda _: True,
) -> Bounded[TaskRun]:
    """Return the wanted runs that were accepted since a time, newest first.

    At most `MAX_EXAMINED` runs are read.
    """
    found = list[TaskRun]()
    for examined, run in enumerate(_runs(runs, listing)):
        if run.queued_at < since:
            return Bounded(items=found)
        if examined == MAX_EXAMINED:
            return Bounded(items=found, is_complete=False)
        if wanted(run):
            found.append(run)
    return Bounded(items=found)


def _runs(runs: RunReader, listing: Listing) -> Iterator[TaskRun]:
    while True:
        page = runs.page(replace(listing, limit=_PAGE))
        yield from page.items
        if page.continuation_token is None:
            return
        listing = replace(listing, continuation_token=page.continuation_token)
