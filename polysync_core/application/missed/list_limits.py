"""Limits the period and the length of the lists of missed work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from polysync_core.application.ports import RunReader
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun

DEFAULT_PERIOD = timedelta(days=7)
MAX_PERIOD = timedelta(days=31)
MAX_EXAMINED = 200
"""The maximum number of stored entries that one list examines."""
_PAGE = 100
_MAX_PAGES = 4
"""A page of the index holds few runs where few of them match a filter."""


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


def newest_runs(runs: RunReader, listing: Listing, since: datetime) -> Bounded[TaskRun]:
    """Return the runs of a list that were accepted since a time, newest first.

    At most `MAX_EXAMINED` runs are returned, and at most `_MAX_PAGES` pages are read.
    """
    found = list[TaskRun]()
    listing = replace(listing, since=since, limit=_PAGE)
    for _ in range(_MAX_PAGES):
        page = runs.page(listing)
        found += page.items
        if page.continuation_token is None and len(found) <= MAX_EXAMINED:
            return Bounded(items=found)
        if len(found) >= MAX_EXAMINED:
            break
        listing = replace(listing, continuation_token=page.continuation_token)
    return Bounded(items=found[:MAX_EXAMINED], is_complete=False)
