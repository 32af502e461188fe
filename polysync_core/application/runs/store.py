"""Writes runs by compare-and-set, then records metrics and publishes events.

The index entry is written before the row and removed after all events are published. A crash in
between leaves work for the reconciler, and never a lost run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from polysync_core.application.deadlines.telemetry import record_slow_recovery
from polysync_core.application.ports import Publisher, RunTable
from polysync_core.application.runs.run_lookup import read_run
from polysync_core.domain.conflicts import retry_on_conflict
from polysync_core.domain.errors import PolysyncError, Unavailable
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.events import events_of
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.status import RunStatus
from polysync_core.domain.runs.stored import ActiveRun, StoredRun
from polysync_core.domain.sized_cache import SizedCache
from polysync_core.telemetry import names, tracing
from polysync_core.telemetry.instruments import instruments

PUBLISH_PAUSE_SECONDS = 10.0
"""After a failure no event is published for this long, so that runs do not wait for the queue."""
_MAX_REMEMBERED = 4096
_MAX_RECENT_SIZE = 4 * 1024 * 1024
"""The total length of the documents of recent runs, enough for about 2,000 runs."""

_log = logging.getLogger(__name__)

type Change = Callable[[TaskRun], TaskRun | None]
"""Returns the changed run; None leaves the run as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """The result of an update: the newest version, and whether this call wrote it."""

    stored: StoredRun
    is_written: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """A version of a run: the newest one, or one that this process read or wrote before."""

    stored: StoredRun
    is_read: bool
    """True if the row was read just now."""


class RunStore:
    """Writes runs, records what a write changed, and publishes its events."""

    def __init__(
        self,
        table: RunTable,
        publisher: Publisher,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._outbox = _Outbox(publisher, monotonic)
        self._recent = SizedCache[RunId, StoredRun](_MAX_RECENT_SIZE)

    def read(self, run_id: RunId) -> StoredRun:
        """Return a run, or raise `NotFound`."""
        return self._remember(read_run(self._table, run_id))

    def recall(self, run_id: RunId, suffices: Callable[[TaskRun], bool]) -> Recalled:
        """Return the version that this process knows if it suffices, or else read the run.

        Another process may have written a newer version. Use this only for a step that needs
        unchanging facts; the compare-and-set of its next write detects an old version.
        """
        known = self._recent.get(run_id)
        if known is not None and suffices(known.run):
            return Recalled(stored=known, is_read=False)
        return Recalled(stored=self.read(run_id), is_read=True)

    def create(self, run: TaskRun) -> StoredRun | None:
        """Write a new run, its index entry first; return None if the run exists."""
        self._table.index_active(run)
        with tracing.accepting(run) as traceparent:
            stored = self._table.insert(replace(run, traceparent=traceparent or None))
        if stored is None:
            return None
        instruments().runs_accepted.add(1, {names.TRIGGER: run.trigger_type.value})
        _log.info(
            "Run accepted.",
            extra={
                "action": "run_accepted",
                "run_id": run.run_id,
                "task": run.task,
                "trigger": run.trigger_type,
            },
        )
        return self._written(None, stored)

    def update(self, stored: StoredRun, change: Change) -> StoredRun:
        """Change a run by compare-and-set, and return its newest version.

        `change` gets the newest version at each try. Raises `Unavailable` if other writers win
        every time.
        """
        return self.try_update(stored, change).stored

    def try_update(self, stored: StoredRun, change: Change) -> Updated:
        """Change a run as `update` does, and return whether this call changed the run."""
        versions = self._versions(stored)
        return retry_on_conflict(
            lambda: self._write(next(versions), change),
            exhausted=Unavailable(
                "Too many writers change the run at the same time: try again.", retry_after=1
            ),
        )

    def deactivate(self, run: TaskRun) -> None:
        """Remove an ended run from the active index; keep it there while events are pending."""
        if self._outbox.publish(run) >= run.sequence:
            self._table.deactivate(run)
            self._recent.remove(run.run_id)

    def remove_from_index(self, entry: ActiveRun) -> None:
        """Remove the index entries of a run that was never written."""
        self._table.remove_from_index(entry)

    def _versions(self, stored: StoredRun) -> Iterator[StoredRun]:
        """Yield the version that the caller read, then newer ones."""
        yield stored
        while True:
            yield self.read(stored.run.run_id)

    def _write(self, stored: StoredRun, change: Change) -> Updated:
        run = change(stored.run)
        if run is None or run == stored.run:
            return Updated(stored=stored, is_written=False)
        if run.missed_deadlines and not stored.run.missed_deadlines:
            # The index entry comes first, so a list of late runs misses none.
            self._table.index_late(run)
        run = replace(run, published=self._outbox.published(run))
        written = self._written(stored.run, self._table.save(stored, run))
        return Updated(stored=written, is_written=True)

    def _written(self, before: TaskRun | None, stored: StoredRun) -> StoredRun:
        """Return the stored run with its new count of published entries, for the next write."""
        _record(before, stored.run)
        published = self._outbox.publish(stored.run)
        return self._remember(replace(stored, run=replace(stored.run, published=published)))

    def _remember(self, stored: StoredRun) -> StoredRun:
        self._recent.put(stored.run.run_id, stored, size=stored.size)
        return stored


class _Outbox:
    """Publishes the history of runs in order, at least once.

    A run's row holds the number of history entries that were published before the row was written.
    The writer publishes the rest after the write, so publishing costs no write of its own.
    """

    def __init__(self, publisher: Publisher, monotonic: Callable[[], float]) -> None:
        self._publisher = publisher
        self._monotonic = monotonic
        self._counts: OrderedDict[RunId, int] = OrderedDict()
        """The events that this process published; a lost count only repeats events."""
        self._lock = threading.Lock()
        self._paused_until = float("-inf")

    def published(self, run: TaskRun) -> int:
        """Return the number of published entries, by the row or by this process."""
        return max(run.published, self._counts.get(run.run_id, 0))

    def publish(self, run: TaskRun) -> int:
        """Publish the rest of a run's history; return the number of published entries."""
        done = self.published(run)
        if done >= run.sequence or self._monotonic() < self._paused_until:
            return done
        try:
            for event in events_of(run, after=done):
                self._publisher.publish(event)
                done = event.sequence
            done = run.sequence
        except PolysyncError as error:
            self._paused_until = self._monotonic() + PUBLISH_PAUSE_SECONDS
            _log.warning(
                "A run's events could not be published; its next step or the reconciler retries.",
                extra={
                    "action": "events_pending",
                    "run_id": run.run_id,
                    "published": done,
                    "error": str(error),
                },
            )
        self._remember(run.run_id, done)
        return done

    def _remember(self, run_id: RunId, count: int) -> None:
        with self._lock:
            self._counts[run_id] = max(count, self._counts.pop(run_id, 0))
            while len(self._counts) > _MAX_REMEMBERED:
                self._counts.popitem(last=False)


def _record(before: TaskRun | None, run: TaskRun) -> None:
    """Record metrics and spans of new and ended attempts, and of the run's end."""
    known = () if before is None else before.attempts
    if before is not None and len(run.attempts) > len(known):
        _record_wait(before, run.attempts[-1])
    ended = {attempt.number for attempt in known if attempt.status.is_terminal}
    for attempt in run.attempts:
        if attempt.status.is_terminal and attempt.number not in ended:
            _record_attempt(run, attempt)
    if run.status.is_terminal and (before is None or not before.status.is_terminal):
        _record_end(run)


def _record_wait(queued: TaskRun, attempt: Attempt) -> None:
    """Record the waiting time of a new attempt, without its back-off."""
    if attempt.begun_at is not None:
        since = max(queued.queued_at, queued.not_before or queued.queued_at)
        waited = (attempt.begun_at - since).total_seconds()
        instruments().run_wait.record(max(0.0, waited), {names.PLATFORM: queued.job.platform})
        if queued.starts_at is not None and attempt.number == 1:
            lag = (attempt.begun_at - queued.starts_at).total_seconds()
            instruments().start_lag.record(max(0.0, lag))


def _record_attempt(run: TaskRun, attempt: Attempt) -> None:
    tracing.record_attempt(run, attempt)
    if attempt.cause is not None:
        attributes = {**_job_attributes(run), names.CAUSE: attempt.cause.value}
        instruments().attempt_failures.add(1, attributes)


def _record_end(run: TaskRun) -> None:
    tracing.record_run(run)
    if run.status is RunStatus.SUCCEEDED and run.slow_deadline is not None:
        record_slow_recovery(run)
    if run.finished_at is not None:
        duration = (run.finished_at - run.queued_at).total_seconds()
        attributes = {**_job_attributes(run), names.STATUS: run.status.value}
        instruments().run_duration.record(max(0.0, duration), attributes)


def _job_attributes(run: TaskRun) -> dict[str, str]:
    return {names.PLATFORM: run.job.platform, names.JOB_TYPE: run.job.job_type}
