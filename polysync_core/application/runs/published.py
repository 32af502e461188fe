"""Telling the world of every change of a run's status, at least once and in order.

A run's row says how many entries of its history were known to be published when it was written.
Whoever changes a run publishes, after the write, everything above that; and a run leaves the index
of active runs only when all of it is published. So a crash anywhere leaves a debt that the run's
next step or the reconciler pays, and no write is made for the sake of publishing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from polysync_core.application.ports import Publisher, Runs
from polysync_core.application.runs.decorator import RunsAround
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.runs.events import events_of
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import StoredRun

REST_SECONDS = 10.0
"""After a failure nothing is published for this long, so that runs do not wait for a queue."""
_REMEMBERED = 4096

_log = logging.getLogger(__name__)


class PublishingRuns(RunsAround):
    """Stored runs that publish what is written to them; a `Runs` like the one it is made of."""

    def __init__(
        self,
        runs: Runs,
        publisher: Publisher,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(runs)
        self._publisher = publisher
        self._monotonic = monotonic
        self._known = _Remembered()
        self._rests_until = float("-inf")

    def insert(self, run: TaskRun) -> StoredRun | None:
        """Write a new run and publish that it exists; None where the run exists already."""
        stored = self._runs.insert(run)
        return None if stored is None else self._published(stored)

    def save(self, stored: StoredRun, run: TaskRun) -> StoredRun:
        """Replace a run and publish what is new; raises as the store does."""
        known = replace(run, published=self._known.of(run))
        return self._published(self._runs.save(stored, known))

    def settle(self, run: TaskRun) -> None:
        """Take a run off the active ones, unless something of it could not be published."""
        if self._publish(run) >= run.sequence:
            self._runs.settle(run)

    def _published(self, stored: StoredRun) -> StoredRun:
        """Return the stored run with what is known now, for the write that comes next."""
        return replace(stored, run=replace(stored.run, published=self._publish(stored.run)))

    def _publish(self, run: TaskRun) -> int:
        """Publish the rest of a run's history and return how much of it is published."""
        done = self._known.of(run)
        if done >= run.sequence or self._monotonic() < self._rests_until:
            return done
        try:
            for event in events_of(run, after=done):
                self._publisher.publish(event)
                done = event.sequence
            done = run.sequence
        except PolysyncError as error:
            self._rests_until = self._monotonic() + REST_SECONDS
            _log.warning(
                "A run's events could not be published; its next step or the reconciler will.",
                extra={
                    "action": "events_pending",
                    "run_id": run.run_id,
                    "published": done,
                    "error": str(error),
                },
            )
        self._known.note(run.run_id, done)
        return done


class _Remembered:
    """What this process has published lately: it saves repetitions, and may be forgotten."""

    def __init__(self) -> None:
        self._counts: OrderedDict[RunId, int] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, run: TaskRun) -> int:
        """Return how many entries of a run are published, by its row or by what is remembered."""
        return max(run.published, self._counts.get(run.run_id, 0))

    def note(self, run_id: RunId, count: int) -> None:
        """Remember a count, and forget the oldest beyond what is worth keeping."""
        with self._lock:
            self._counts[run_id] = max(count, self._counts.pop(run_id, 0))
            while len(self._counts) > _REMEMBERED:
                self._counts.popitem(last=False)
