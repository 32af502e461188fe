"""Lists, reads and cancels stored backfills."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from polysync_core.application.ports import BackfillStore, Engine, RunReader
from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import NotFound
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.stored import Page
from polysync_core.domain.schedules.backfills import (
    BackfillProgress,
    BackfillRecord,
    progress_of,
)

_ACTIVE = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})
_PAGE = 100


class CancelRun(Protocol):
    """Cancels a run, or leaves it as it is if it has ended."""

    def __call__(self, run_id: RunId, *, actor: str, engine: Engine) -> TaskRun:
        """Cancel the run."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfills:
    """The use cases of stored backfills."""

    store: BackfillStore
    runs: RunReader
    cancel_run: CancelRun
    clock: Clock

    def page(
        self, task: str | None = None, *, limit: int, token: str | None = None
    ) -> Page[BackfillProgress]:
        """Return backfills with their progress, newest first."""
        page = self.store.page(task, limit=limit, token=token)
        items = [self._progress(record) for record in page.items]
        return Page(items=items, continuation_token=page.continuation_token)

    def get(self, backfill_id: str) -> BackfillProgress:
        """Return a backfill with its progress, or raise `NotFound`."""
        return self._progress(self._record(backfill_id))

    def cancel(self, backfill_id: str, *, actor: str, engine: Engine) -> BackfillProgress:
        """Cancel the runs of a backfill that have not ended, and their dependents.

        The runs that wait are cancelled first, so that no slot that becomes free starts one.
        Idempotent; raises `NotFound`.
        """
        record = self._record(backfill_id)
        if record.cancelled_at is None:
            record = replace(record, cancelled_at=self.clock(), cancelled_by=actor)
            self.store.put(record)
        active = [run for run in self._runs(record) if not run.status.is_terminal]
        for run in sorted(active, key=lambda run: bool(run.attempts)):
            self.cancel_run(run.run_id, actor=actor, engine=engine)
        for run in self._following(record):
            self.cancel_run(run.run_id, actor=actor, engine=engine)
        return self._progress(record)

    def _record(self, backfill_id: str) -> BackfillRecord:
        record = self.store.get(backfill_id) if _is_backfill_id(backfill_id) else None
        if record is None:
            raise NotFound(
                "There is no backfill of this id: GET /api/backfills lists the backfills."
            )
        return record

    def _runs(self, record: BackfillRecord) -> list[TaskRun]:
        return [stored.run for stored in self.runs.get_many(record.run_ids)]

    def _following(self, record: BackfillRecord) -> list[TaskRun]:
        """Return the active runs that dependencies started for a backfill."""
        own, found = set(record.run_ids), list[TaskRun]()
        listing = Listing(backfill_id=record.backfill_id, statuses=_ACTIVE, limit=_PAGE)
        while True:
            page = self.runs.page(listing)
            found += [run for run in page.items if run.run_id not in own]
            if page.continuation_token is None:
                return found
            listing = replace(listing, continuation_token=page.continuation_token)

    def _progress(self, record: BackfillRecord) -> BackfillProgress:
        return progress_of(record, (run.status for run in self._runs(record)))


def _is_backfill_id(text: str) -> bool:
    return text.isascii() and text.isalnum()
