"""Reads failed runs, and groups them by Task, cause and error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from polysync_core.application.ports import RunReader
from polysync_core.domain.clock import Clock
from polysync_core.domain.runs.failures.groups import FailureGroup, grouped
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TaskRun

DEFAULT_PERIOD = timedelta(hours=24)
MAX_EXAMINED = 500
"""The maximum number of failed runs that one call reads."""
_PAGE = 100
_MAX_PAGES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroups:
    """The groups of the newest failed runs."""

    groups: Sequence[FailureGroup]
    examined: int
    """The number of runs in the groups."""
    is_complete: bool
    """False if older failed runs of the period were not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroupReader:
    """Reads failed runs, and groups them; the number of reads is bounded."""

    runs: RunReader
    clock: Clock

    def read(self, listing: Listing) -> FailureGroups:
        """Return the groups of the failed runs of a list; by default, of the last day."""
        listing = replace(
            listing,
            statuses=frozenset({RunStatus.FAILED}),
            since=listing.since or self.clock() - DEFAULT_PERIOD,
            limit=_PAGE,
            continuation_token=None,
        )
        found: list[TaskRun] = []
        for _ in range(_MAX_PAGES):
            page = self.runs.page(listing)
            found += page.items
            listing = replace(listing, continuation_token=page.continuation_token)
            if listing.continuation_token is None or len(found) >= MAX_EXAMINED:
                break
        return FailureGroups(
            groups=grouped(found),
            examined=len(found),
            is_complete=listing.continuation_token is None,
        )
