"""Implements the run table in memory, with the ETags of the real one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from polysync_core.application.runs.store import RunStore
from polysync_core.domain.errors import StaleETag
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.listing import Listing, matches
from polysync_core.domain.runs.run import RunStatus, TaskRun, begin_attempt, finish
from polysync_core.domain.runs.stored import ActiveRun, Page, RunHead, StoredRun
from tests.fakes.events import FakePublisher


class FakeRunTable:
    """Rows and index as dictionaries; `crash_at` makes the k-th write fail."""

    def __init__(self) -> None:
        self.rows: dict[RunId, StoredRun] = {}
        self.active: dict[tuple[RunId, object], ActiveRun] = {}
        self.deactivated: dict[RunId, str] = {}
        self.writes = 0
        self.crash_at: int | None = None
        self.before_save: Callable[[], object] | None = None
        """Runs once, between a caller's read and its write."""
        self._etags = itertools.count(1)

    def get(self, run_id: RunId) -> StoredRun | None:
        return self.rows.get(run_id)

    def get_many(self, run_ids: Iterable[RunId]) -> Iterator[StoredRun]:
        return (self.rows[run_id] for run_id in run_ids if run_id in self.rows)

    def ids_from(self, prefix: str, *, limit: int) -> list[RunId]:
        return sorted(each for each in self.rows if each.startswith(prefix))[:limit]

    def end(self, run_id: RunId, *, at: datetime, status: RunStatus = RunStatus.SUCCEEDED) -> None:
        """Write a run's attempt and its end."""
        stored = self.rows[run_id]
        stored = self.save(stored, begin_attempt(stored.run, at=at, actor="p"))
        outcome = Outcome(status=status, reason="over")
        self.save(stored, finish(stored.run, outcome, at=at, actor="p"))

    def index_active(self, run: TaskRun) -> None:
        self.count_write()
        self.active[run.run_id, run.queued_at] = ActiveRun.of(run)

    def index_late(self, run: TaskRun) -> None:
        self.count_write()

    def insert(self, run: TaskRun) -> StoredRun | None:
        self.count_write()
        if run.run_id in self.rows:
            return None
        return self._put(run)

    def add_active(self, run: TaskRun) -> StoredRun | None:
        """Write a run with its index entry, as a test arranges it."""
        self.index_active(run)
        return self.insert(run)

    def save(self, stored: StoredRun, run: TaskRun) -> StoredRun:
        if self.before_save is not None:
            meanwhile, self.before_save = self.before_save, None
            meanwhile()
        self.count_write()
        if self.rows[run.run_id].etag != stored.etag:
            raise StaleETag
        return self._put(run)

    def deactivate(self, run: TaskRun) -> None:
        self.count_write()
        self.active.pop((run.run_id, run.queued_at), None)
        self.deactivated[run.run_id] = run.status

    def remove_from_index(self, entry: ActiveRun) -> None:
        self.count_write()
        self.active.pop((entry.run_id, entry.queued_at), None)

    def active_runs(self) -> Iterator[ActiveRun]:
        return iter(list(self.active.values()))

    def shards(self) -> list[str]:
        return sorted({stored.run.shard for stored in self.rows.values()})

    def page(self, listing: Listing) -> Page[TaskRun]:
        newest = sorted(self.rows.values(), key=lambda s: s.run.queued_at, reverse=True)
        wanted = [stored.run for stored in newest if matches(stored.run, listing)]
        start = int(listing.continuation_token or 0)
        end = start + listing.limit
        rest = str(end) if end < len(wanted) else None
        return Page(items=wanted[start:end], continuation_token=rest)

    def count(self, listing: Listing, *, limit: int) -> int:
        return sum(matches(stored.run, listing) for stored in list(self.rows.values())[:limit])

    def heads(self, tasks: Collection[str]) -> dict[str, RunHead]:
        oldest_first = sorted(self.rows.values(), key=lambda stored: stored.run.queued_at)
        runs = (stored.run for stored in oldest_first)
        return {run.task: RunHead.of(run) for run in runs if run.task in set(tasks) and run.task}

    def count_write(self) -> None:
        """Count a write, and crash at the chosen one."""
        self.writes += 1
        if self.crash_at == self.writes:
            raise Crash

    def _put(self, run: TaskRun) -> StoredRun:
        stored = StoredRun(run=run, etag=str(next(self._etags)))
        self.rows[run.run_id] = stored
        return stored


def run_store(table: FakeRunTable) -> RunStore:
    """Return a store over a table; its events go nowhere."""
    return RunStore(table, FakePublisher())


def unpublished(run: TaskRun) -> TaskRun:
    """Return a run without its count of published events, to compare two versions."""
    return replace(run, published=0)


class Crash(BaseException):
    """The process ended here."""
