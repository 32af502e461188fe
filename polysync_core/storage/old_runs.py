"""Forgetting runs that ended long ago, month by month.

A run's row goes first, then its entry in the list of all runs, so that a walk which ends anywhere
goes on from there. When that list is empty and nobody active the month's table is dropped whole.
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
from polysync_core.storage.azure.tables import MAX_OPERATIONS, TableStorage
from polysync_core.storage.purging import More
from polysync_core.storage.run_index import Entry, Part, RunIndex
from polysync_core.storage.runs import TableRuns

_HANDS = 8

_log = logging.getLogger(__name__)


class _Fate(Enum):
    """What became of an entry of the list."""

    KEPT = auto()
    STRUCK = auto()
    """No run stands behind it, or one that is listed elsewhere."""
    FORGOTTEN = auto()


class OldRuns:
    """The stored runs of months that have passed."""

    def __init__(self, storage: TableStorage, runs: TableRuns) -> None:
        self._runs = runs
        self._index = RunIndex(storage)

    def forget(self, before: datetime, more: More) -> int:
        """Delete runs that had ended before a time, and return how many there were.

        Looks only at months that had passed by then. A run that is active, or whose dependents are
        still to be told, stays with its month, and so does one that cannot be read.
        """
        forgotten = 0
        for month, parts in groupby(self._index.parts_before(before), key=lambda part: part.month):
            of_month = list(parts)
            for part in of_month:
                forgotten += self._forget_part(part, before, more)
            if not any(map(self._is_in_use, of_month)):
                self._index.drop(month)
            if not more():
                break
        return forgotten

    def _is_in_use(self, part: Part) -> bool:
        return any(True for _ in self._index.active_in(part)) or any(
            True for _ in self._index.listed(part)
        )

    def _forget_part(self, part: Part, before: datetime, more: More) -> int:
        active = {entry.run.run_id for entry in self._index.active_in(part)}
        idle = (entry for entry in self._index.listed(part) if entry.run.run_id not in active)
        forgotten = 0
        with ThreadPoolExecutor(_HANDS, thread_name_prefix="run-purger") as hands:
            for batch in batched(idle, MAX_OPERATIONS, strict=False):
                if not more():
                    break
                fates = list(hands.map(partial(self._forget_run, before=before), batch))
                told = list(zip(batch, fates, strict=True))
                self._index.strike(part, [each for each, fate in told if fate is not _Fate.KEPT])
                forgotten += fates.count(_Fate.FORGOTTEN)
        return forgotten

    def _forget_run(self, entry: Entry, *, before: datetime) -> _Fate:
        try:
            stored = self._runs.get(entry.run.run_id)
        except (Unavailable, Uncertain):
            raise
        except Exception:
            _log.exception(
                "A stored run cannot be read; it is left as it is.",
                extra={"action": "run_unreadable", "run_id": entry.run.run_id},
            )
            return _Fate.KEPT
        if stored is None or stored.run.queued_at != entry.run.queued_at:
            return _Fate.STRUCK
        if not is_expired(stored.run, before):
            return _Fate.KEPT
        try:
            self._runs.forget(stored)
        except StaleETag:
            return _Fate.KEPT
        return _Fate.FORGOTTEN
