"""Deletes expired runs and their index entries, month by month.

A run's row is deleted before its entry in the main list, so that an interrupted pass can continue.
When the main list is empty and no run is active, the month's table is dropped whole.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import Enum, auto
from functools import partial
from itertools import batched, groupby

from polysync_core.domain.errors import StaleETag, Unavailable, Uncertain
from polysync_core.domain.runs.retention import is_expired
from polysync_core.storage.operations.purging import More
from polysync_core.storage.rows import MAX_OPERATIONS
from polysync_core.storage.runs.entries import Entry
from polysync_core.storage.runs.index import Part, RunIndex
from polysync_core.storage.runs.table import TableRuns
from polysync_core.storage.tables import Tables

_WORKERS = 8

_log = logging.getLogger(__name__)


class _Result(Enum):
    """The result for one entry of the main list."""

    KEPT = auto()
    STALE = auto()
    """The entry has no run, or a run with an entry elsewhere."""
    DELETED = auto()


class ExpiredRuns:
    """Deletes expired runs of past months."""

    def __init__(self, storage: Tables, runs: TableRuns) -> None:
        self._runs = runs
        self._index = RunIndex(storage)

    def purge(self, before: datetime, more: More) -> int:
        """Delete runs that ended before a time, and return their number.

        Only months before that time are examined. An active run keeps its month, and so does a run
        that cannot be read.
        """
        deleted = 0
        for month, parts in groupby(self._index.parts_before(before), key=lambda part: part.month):
            of_month = list(parts)
            for part in of_month:
                deleted += self._purge_part(part, before, more)
            if not any(map(self._is_in_use, of_month)):
                self._index.drop(month)
            if not more():
                break
        return deleted

    def _is_in_use(self, part: Part) -> bool:
        return any(True for _ in self._index.active_in(part)) or any(
            True for _ in self._index.listed(part)
        )

    def _purge_part(self, part: Part, before: datetime, more: More) -> int:
        active = {entry.run.run_id for entry in self._index.active_in(part)}
        idle = (entry for entry in self._index.listed(part) if entry.run.run_id not in active)
        deleted = 0
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="run-purger") as workers:
            for batch in batched(idle, MAX_OPERATIONS, strict=False):
                if not more():
                    break
                results = list(workers.map(partial(self._purge_run, before=before), batch))
                pairs = zip(batch, results, strict=True)
                gone = [entry for entry, result in pairs if result is not _Result.KEPT]
                self._index.remove_from_main_list(part, gone)
                deleted += results.count(_Result.DELETED)
        return deleted

    def _purge_run(self, entry: Entry, *, before: datetime) -> _Result:
        try:
            stored = self._runs.get(entry.run.run_id)
        except (Unavailable, Uncertain):
            raise
        except Exception:
            _log.exception(
                "A stored run cannot be read; it is left unchanged.",
                extra={"action": "run_unreadable", "run_id": entry.run.run_id},
            )
            return _Result.KEPT
        if stored is None or stored.run.queued_at != entry.run.queued_at:
            return _Result.STALE
        if not is_expired(stored.run, before):
            return _Result.KEPT
        try:
            self._runs.delete(stored)
        except StaleETag:
            return _Result.KEPT
        return _Result.DELETED
