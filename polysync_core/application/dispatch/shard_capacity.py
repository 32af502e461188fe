"""Refuses new runs while a Dispatcher shard holds its maximum of waiting runs.

The state of a Dispatcher grows with the waiting runs, and each start reads and writes this state.
So the limit keeps a shard fast, and keeps its state far below the largest message of the engine.
Retries and dependents of accepted runs are never refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from polysync_core.application.ports import Engine
from polysync_core.domain.errors import ShardFull, Unavailable

MAX_WAITING_RUNS = 20_000
"""Waiting runs of one shard from which new runs are refused; their state takes 5 MB."""
READ_AFTER_RUNS = 200
"""New runs of this process after which the waiting runs are counted again."""
READ_AFTER_SECONDS = 600.0
"""Seconds after which they are counted again."""
_RECOUNT_SECONDS = 5.0
"""The shortest time between two counts of a full shard."""
_RETRY_SECONDS = 30.0


@dataclass(slots=True)
class _Count:
    """The counted waiting runs of a shard, and the runs that were accepted later."""

    waiting: int
    at: float
    accepted: int = 0

    @property
    def total(self) -> int:
        return self.waiting + self.accepted


class ShardCapacity:
    """Counts the waiting runs of each shard, seldom enough to cost nothing; safe for threads."""

    def __init__(
        self, *, monotonic: Callable[[], float], max_waiting_runs: int = MAX_WAITING_RUNS
    ) -> None:
        self.max_waiting_runs = max_waiting_runs
        self._monotonic = monotonic
        self._counts: dict[str, _Count] = {}
        self._lock = threading.Lock()

    def take(self, shard: str, engine: Engine, *, runs: int = 1) -> None:
        """Make room for new runs, for all of them or for none; raise `ShardFull` without room.

        The count may be old, so other processes may exceed the limit by some hundred runs. Without
        an answer of the engine, the runs are admitted.
        """
        count = self._counted(shard, engine, runs)
        if count is None:
            return
        with self._lock:
            if count.total + runs > self.max_waiting_runs:
                raise ShardFull(
                    f"Shard '{shard}' holds {count.total} waiting runs, and new runs are refused "
                    f"from {self.max_waiting_runs} on: wait until runs start, cancel waiting runs, "
                    "raise the limits that hold them, or give a platform its own shard.",
                    retry_after=_RETRY_SECONDS,
                )
            count.accepted += runs

    def _counted(self, shard: str, engine: Engine, runs: int) -> _Count | None:
        with self._lock:
            known = self._counts.get(shard)
        if known is not None and not self._is_old(known, runs):
            return known
        try:
            waiting = len(engine.dispatcher(shard).waiting)
        except Unavailable:
            return known
        count = _Count(waiting=waiting, at=self._monotonic())
        with self._lock:
            self._counts[shard] = count
        return count

    def _is_old(self, count: _Count, runs: int) -> bool:
        age = self._monotonic() - count.at
        if age >= READ_AFTER_SECONDS or count.accepted >= READ_AFTER_RUNS:
            return True
        return count.total + runs > self.max_waiting_runs and age >= _RECOUNT_SECONDS
