"""Repairs active runs that a crash or a lost signal has interrupted.

The active index lists the runs that still need work. Each entry is compared with the run's row, the
Dispatcher and the engine, and missing work is repeated. All repairs are safe to repeat, so two
reconcilers at the same time do no harm.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import assert_never

from polysync_core.application.definitions.policies import Policies
from polysync_core.application.ports import Engine, RunReader
from polysync_core.application.runs.accepting import waiting_message
from polysync_core.application.runs.finishing import ACTOR, RunFinisher
from polysync_core.application.runs.prerequisites import Prerequisites
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.dispatch.codec import encode_state
from polysync_core.domain.dispatch.state import DispatcherState, Lease, millis
from polysync_core.domain.errors import Unavailable, Uncertain
from polysync_core.domain.runs.failures.problem import ProblemStep
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.interruptions import without_problem
from polysync_core.domain.runs.prerequisites import Prerequisite
from polysync_core.domain.runs.run import RunStatus, TaskRun, note
from polysync_core.domain.runs.stored import ActiveRun, StoredRun
from polysync_core.telemetry import names
from polysync_core.telemetry.instruments import instruments

ACCEPTANCE_TIMEOUT = timedelta(minutes=15)
"""An index entry without a row is removed after this time. The time exceeds all storage retries
and requests, so no row arrives later."""
GRACE = timedelta(seconds=30)
"""The engine is not asked about younger leases: their orchestration certainly exists."""
_BATCH = 50
_MAX_EXAMINED = 50
"""Runs of one schedule whose windows one pass examines, if their notification was lost."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Repairs:
    """Counts the active runs of one pass, and the repairs by kind."""

    active: int = 0
    enqueued: int = 0
    resumed: int = 0
    deactivated: int = 0
    completed: int = 0
    removed: int = 0
    released: int = 0

    @property
    def any(self) -> bool:
        """Return whether the pass made a repair."""
        return any(self.by_kind().values())

    def by_kind(self) -> dict[str, int]:
        """Return the number of repairs by kind."""
        return {
            "enqueued": self.enqueued,
            "resumed": self.resumed,
            "deactivated": self.deactivated,
            "completed": self.completed,
            "removed": self.removed,
            "released": self.released,
        }


@dataclass(slots=True)
class _Pass:
    """The state of one pass over the active runs."""

    engine: Engine
    repairs: Repairs = field(default_factory=Repairs)
    dispatchers: dict[str, DispatcherState] = field(default_factory=dict[str, DispatcherState])
    active: set[RunId] = field(default_factory=set[RunId])
    unreadable: set[RunId] = field(default_factory=set[RunId])
    """Runs whose rows this release cannot read; they must not count as absent."""
    unknown: list[TaskRun] = field(default_factory=list[TaskRun])
    """Queued runs that are not among the waiting runs of their Dispatcher."""
    adopted: dict[str, list[Lease]] = field(default_factory=dict[str, list[Lease]])
    """By shard, leases of running attempts that the Dispatcher did not know."""

    def dispatcher(self, shard: str) -> DispatcherState:
        if shard not in self.dispatchers:
            self.dispatchers[shard] = self.engine.dispatcher(shard)
        return self.dispatchers[shard]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Compares the rows of active runs with the Dispatchers and the engine, and repairs both."""

    runs: RunReader
    store: RunStore
    finisher: RunFinisher
    policies: Policies
    prerequisites: Prerequisites
    clock: Clock

    def reconcile(self, engine: Engine) -> Repairs:
        """Repair every active run once; raises `Unavailable` if storage or engine fails."""
        work = _Pass(engine)
        for shard in self.runs.shards():
            record_dispatcher(shard, work.dispatcher(shard), self.clock())
        for batch in batched(self.runs.active_runs(), _BATCH, strict=False):
            found = {stored.run.run_id: stored for stored in self._rows(batch, work)}
            for entry in batch:
                if entry.run_id not in work.unreadable:
                    self._examine(entry, found.get(entry.run_id), work)
        # Restore the leases of running attempts first. Otherwise a Dispatcher that lost its
        # state would start too many runs.
        self._renew_policies(work)
        for run in self._without_prerequisites(work.unknown):
            self._examine_unknown(run, work)
        self._release_orphans(work)
        _report(work.repairs)
        return work.repairs

    def _rows(self, batch: Sequence[ActiveRun], work: _Pass) -> Iterable[StoredRun]:
        """Return the rows of a batch; an unreadable row does not hide the others."""
        try:
            return list(self.runs.get_many([entry.run_id for entry in batch]))
        except (Unavailable, Uncertain):
            raise
        except Exception:
            return [stored for entry in batch if (stored := self._row(entry, work)) is not None]

    def _row(self, entry: ActiveRun, work: _Pass) -> StoredRun | None:
        try:
            return self.runs.get(entry.run_id)
        except (Unavailable, Uncertain):
            raise
        except Exception:
            work.unreadable.add(entry.run_id)
            work.active.add(entry.run_id)
            _log.exception(
                "A stored run cannot be read; it is left unchanged.",
                extra={"action": "run_unreadable", "run_id": entry.run_id},
            )
            return None

    def _examine(self, entry: ActiveRun, stored: StoredRun | None, work: _Pass) -> None:
        if stored is None or stored.run.queued_at != entry.queued_at:
            if self.clock() - entry.queued_at >= ACCEPTANCE_TIMEOUT:
                self.store.remove_from_index(entry)
                work.repairs.removed += 1
            return
        work.repairs.active += 1
        run = stored.run
        match run.status:
            case RunStatus.QUEUED:
                work.active.add(run.run_id)
                known = work.dispatcher(run.shard).waiting.get(run.run_id)
                if known is None or known.attempt != run.next_attempt:
                    work.unknown.append(run)
            case RunStatus.RUNNING:
                work.active.add(run.run_id)
                self._examine_running(stored, work)
            case RunStatus.SUCCEEDED | RunStatus.FAILED | RunStatus.CANCELLED | RunStatus.SKIPPED:
                self._examine_ended(run, work)
            case _:
                assert_never(run.status)

    def _examine_ended(self, run: TaskRun, work: _Pass) -> None:
        if not self.finisher.dependents_of(run):
            self.store.deactivate(run)
            work.repairs.deactivated += 1
        elif not work.engine.is_live(run.run_id, len(run.attempts)):
            # The orchestration that notified the dependents is lost.
            work.engine.notify_dependents(run.run_id)
            work.repairs.completed += 1

    def _without_prerequisites(self, queued: Iterable[TaskRun]) -> Iterator[TaskRun]:
        """Yield the queued runs that have no unmet prerequisite.

        Of each schedule, the runs are examined in order, up to the first that waits for its past,
        and up to a number that waits for windows.
        """
        waiting = Counter[tuple[str | None, str | None]]()
        for run in sorted(queued, key=lambda run: run.variable_time):
            schedule = run.task, run.schedule_id
            if run.unmet and waiting[schedule] >= _MAX_EXAMINED:
                continue
            released = self.prerequisites.released(run)
            if released.status is not RunStatus.QUEUED:
                continue
            if not released.unmet:
                yield released
            else:
                is_past = Prerequisite.PAST in released.unmet
                waiting[schedule] += _MAX_EXAMINED if is_past else 1

    def _examine_unknown(self, run: TaskRun, work: _Pass) -> None:
        lease = work.dispatcher(run.shard).leases.get(run.run_id)
        if lease is not None and lease.attempt == run.next_attempt:
            if not self._is_fresh(lease) and not work.engine.is_live(run.run_id, lease.attempt):
                self.store.update(self.store.read(run.run_id), self._with_start_note)
                self._resume(run, lease, work)
            return
        policies = self.policies.for_run(run.task, run.job.platform)
        work.engine.enqueue(run.shard, waiting_message(run), policies)
        work.repairs.enqueued += 1
        if run.problem is not None:
            stored = self.store.read(run.run_id)
            self.store.update(stored, self._without_lost_signal)

    def _examine_running(self, stored: StoredRun, work: _Pass) -> None:
        run = stored.run
        number = len(run.attempts)
        lease = work.dispatcher(run.shard).leases.get(run.run_id)
        if lease is None or lease.attempt != number:
            lease = self._new_lease(run, number)
            work.engine.restore_lease(run.shard, lease)
            work.adopted.setdefault(run.shard, []).append(lease)
        elif self._is_fresh(lease):
            return
        if not work.engine.is_live(run.run_id, number):
            # The resumed orchestration may end the run at once, so the note comes first.
            self.store.update(stored, self._with_note)
            self._resume(run, lease, work)

    def _with_note(self, run: TaskRun) -> TaskRun | None:
        reason = "The orchestration was lost; the run was resumed."
        if run.status.is_terminal:
            return None
        return note(run, reason, at=self.clock(), actor=ACTOR)

    def _with_start_note(self, run: TaskRun) -> TaskRun | None:
        reason = "The orchestration was not found; the start was repeated."
        if run.status.is_terminal:
            return None
        return note(run, reason, at=self.clock(), actor=ACTOR)

    def _without_lost_signal(self, run: TaskRun) -> TaskRun:
        return without_problem(run, ProblemStep.START, at=self.clock())

    def _is_fresh(self, lease: Lease) -> bool:
        return self.clock() - lease.granted_at < GRACE

    def _new_lease(self, run: TaskRun, attempt: int) -> Lease:
        platform = run.job.platform
        policies = self.policies.for_run(run.task, platform)
        task = None if run.task is None else policies.tasks.get(run.task)
        return Lease(
            run_id=run.run_id,
            attempt=attempt,
            task=run.task,
            granted_at=self.clock(),
            platform=platform,
            weight=1 if task is None else task.weight,
            backfill_id=run.backfill_id,
            backfill_limit=run.backfill_limit,
        )

    def _renew_policies(self, work: _Pass) -> None:
        """Send the newest policies to the Dispatchers; this also wakes a Dispatcher each minute."""
        for shard, dispatcher in work.dispatchers.items():
            adopted = work.adopted.get(shard, [])
            if adopted or not dispatcher.is_empty:
                work.engine.update_policies(shard, self.policies.refreshed(dispatcher, adopted))

    def _resume(self, run: TaskRun, lease: Lease, work: _Pass) -> None:
        """Start the orchestration of a leased attempt."""
        work.engine.start_attempt(run.shard, lease)
        work.repairs.resumed += 1
        _log.warning(
            "A run without an orchestration was resumed.",
            extra={
                "action": "run_resumed",
                "run_id": run.run_id,
                "attempt": lease.attempt,
                "leased_since": lease.granted_at.isoformat(),
            },
        )

    def _release_orphans(self, work: _Pass) -> None:
        """Release the leases and waiting entries of ended runs."""
        for shard, dispatcher in work.dispatchers.items():
            held = {
                **{run_id: item.attempt for run_id, item in dispatcher.waiting.items()},
                **{run_id: item.attempt for run_id, item in dispatcher.leases.items()},
            }
            orphans = [run_id for run_id in held if run_id not in work.active]
            for stored in self.runs.get_many(orphans):
                if stored.run.status.is_terminal:
                    run = stored.run
                    work.engine.release(shard, run.run_id, held[run.run_id])
                    work.repairs.released += 1


def _report(repairs: Repairs) -> None:
    for kind, count in repairs.by_kind().items():
        if count:
            instruments().repairs.add(count, {names.REPAIR: kind})
    if repairs.any:
        facts = {"action": "runs_repaired", "active": repairs.active, **repairs.by_kind()}
        _log.warning("Runs were repaired.", extra=facts)


def record_dispatcher(shard: str, dispatcher: DispatcherState, now: datetime) -> None:
    """Record queue length, running count and longest wait of a Dispatcher, as metrics and log."""
    present = millis(now)
    # A run in back-off does not count as waiting.
    since = (entry.waiting_since for entry in dispatcher.waiting.values())
    longest = max((present - each for each in since if each < present), default=0) // 1000
    size = 0 if dispatcher.is_empty else len(json.dumps(encode_state(dispatcher)))
    attributes = {names.SHARD: shard}
    instruments().runs_queued.set(len(dispatcher.waiting), attributes)
    instruments().runs_running.set(len(dispatcher.leases), attributes)
    instruments().oldest_wait.set(longest, attributes)
    instruments().state_size.set(size, attributes)
    _log.info(
        "Dispatcher measured.",
        extra={
            "action": "dispatcher_measured",
            "shard": shard,
            "waiting": len(dispatcher.waiting),
            "running": len(dispatcher.leases),
            "oldest_seconds": longest,
            "state_bytes": size,
        },
    )
