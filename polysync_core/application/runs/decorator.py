"""Stored runs with something around them: what is not overridden goes straight through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from polysync_core.application.ports import Runs
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import ActiveRun, Listing, Page, StoredRun


class RunsAround:
    """A `Runs` like the one it is made of."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    def get(self, run_id: RunId) -> StoredRun | None:
        """Return a run by one point read."""
        return self._runs.get(run_id)

    def get_many(self, run_ids: Iterable[RunId]) -> Iterator[StoredRun]:
        """Return those of the runs that exist, in the order asked for."""
        return self._runs.get_many(run_ids)

    def announce(self, run: TaskRun) -> None:
        """Write the run into the index, as active."""
        self._runs.announce(run)

    def insert(self, run: TaskRun) -> StoredRun | None:
        """Write a new run; None where the run exists already."""
        return self._runs.insert(run)

    def save(self, stored: StoredRun, run: TaskRun) -> StoredRun:
        """Replace a run; raises as the store does."""
        return self._runs.save(stored, run)

    def settle(self, run: TaskRun) -> None:
        """Take a run off the active ones."""
        self._runs.settle(run)

    def withdraw(self, owed: ActiveRun) -> None:
        """Remove an announcement that no run stands behind."""
        self._runs.withdraw(owed)

    def owed(self) -> Iterator[ActiveRun]:
        """Yield the active runs."""
        return self._runs.owed()

    def shards(self) -> Sequence[str]:
        """Return the Dispatcher shards that have had runs."""
        return self._runs.shards()

    def page(self, listing: Listing) -> Page[TaskRun]:
        """Return runs, newest first."""
        return self._runs.page(listing)
