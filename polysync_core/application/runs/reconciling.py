"""Making good what crashes and lost messages left undone.

The index of active runs says what is owed. Each entry is compared with the run's row, with the
Dispatcher and with the engine; whatever is missing is done again. Everything done here is safe to
repeat, so a second reconciler at the same time does no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import batched

from polysync_core.application.definitions.policies import Policies
from polysync_core.application.ports import Engine, Runs
from polysync_core.application.runs.accepting import waiting
from polysync_core.application.runs.closing import Closing
from polysync_core.application.runs.metrics import measure
from polysync_core.application.runs.recording import ACTOR
from polysync_core.application.runs.updating import change_run
from polysync_core.domain.clock import Clock
from polysync_core.domain.dispatch.state import DispatcherState, Lease
from polysync_core.domain.errors import Unavailable, Uncertain
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun, remark
from polysync_core.domain.runs.stored import ActiveRun, StoredRun
from polysync_core.telemetry import names
from polysync_core.telemetry.instruments import instruments

ACCEPTANCE = timedelta(minutes=15)
"""How long an announced run may take to get its row: longer than storage is asked again and than
the host lets a request last. Withdrawn earlier, a run that comes late would be in no list."""
GRACE = timedelta(seconds=30)
"""A lease that is younger came with its orchestration, which need not be asked for."""
_BATCH = 50

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Repairs:
    """What one pass found and did."""

    active: int = 0
    enqueued: int = 0
    resumed: int = 0
    settled: int = 0
    completed: int = 0
    withdrawn: int = 0
    released: int = 0

    @property
    def any(self) -> bool:
        """Whether something had to be repaired."""
        return bool(sum(_facts(self).values()) - self.active)


@dataclass(slots=True)
class _Pass:
    """One pass over the active runs."""

    engine: Engine
    repairs: Repairs = field(default_factory=Repairs)
    dispatchers: dict[str, DispatcherState] = field(default_factory=dict[str, DispatcherState])
    active: set[RunId] = field(default_factory=set[RunId])
    unreadable: set[RunId] = field(default_factory=set[RunId])
    """Runs whose rows this release does not understand; they must not count as absent."""
    unheard: list[TaskRun] = field(default_factory=list[TaskRun])
    """Queued runs that their Dispatcher does not have among the waiting."""
    adopted: dict[str, list[Lease]] = field(default_factory=dict[str, list[Lease]])
    """By shard, what the Dispatchers did not know to be running."""

    def dispatcher(self, shard: str) -> DispatcherState:
        if shard not in self.dispatchers:
            self.dispatchers[shard] = self.engine.dispatcher(shard)
        return self.dispatchers[shard]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Compares what should be with what is."""

    runs: Runs
    closing: Closing
    policies: Policies
    clock: Clock

    def reconcile(self, engine: Engine) -> Repairs:
        """Repair every active run once; raises `Unavailable` where storage or engine is away."""
        work = _Pass(engine)
        for shard in self.runs.shards():
            measure(shard, work.dispatcher(shard), self.clock())
        for batch in batched(self.runs.owed(), _BATCH, strict=False):
            found = {stored.run.run_id: stored for stored in self._rows(batch, work)}
            for owed in batch:
                if owed.run_id not in work.unreadable:
                    self._examine(owed, found.get(owed.run_id), work)
        # What runs takes its place before anything else may start: a Dispatcher that has lost its
        # memory would believe its limits to be free.
        self._renew_policies(work)
        for run in work.unheard:
            self._examine_unheard(run, work)
        self._release_orphans(work)
        for repair, count in _facts(work.repairs).items():
            if count and repair != "active":
                instruments().repairs.add(count, {names.REPAIR: repair})
        if work.repairs.any:
            _log.warning(
                "Runs were repaired.", extra={"action": "runs_repaired", **_facts(work.repairs)}
            )
        return work.repairs

    def _rows(self, batch: Sequence[ActiveRun], work: _Pass) -> Iterable[StoredRun]:
        """Return the rows of a batch; one that cannot be read does not hide the others."""
        try:
            return list(self.runs.get_many([owed.run_id for owed in batch]))
        except (Unavailable, Uncertain):
            raise
        except Exception:
            return [stored for owed in batch if (stored := self._row(owed, work)) is not None]

    def _row(self, owed: ActiveRun, work: _Pass) -> StoredRun | None:
        try:
            return self.runs.get(owed.run_id)
        except (Unavailable, Uncertain):
            raise
        except Exception:
            work.unreadable.add(owed.run_id)
            work.active.add(owed.run_id)
            _log.exception(
                "A stored run cannot be read; it is left as it is.",
                extra={"action": "run_unreadable", "run_id": owed.run_id},
            )
            return None

    def _examine(self, owed: ActiveRun, stored: StoredRun | None, work: _Pass) -> None:
        if stored is None or stored.run.queued_at != owed.queued_at:
            if self.clock() - owed.queued_at >= ACCEPTANCE:
                self.runs.withdraw(owed)
                work.repairs.withdrawn += 1
            return
        work.repairs.active += 1
        run = stored.run
        match run.status:
            case RunStatus.QUEUED:
                work.active.add(run.run_id)
                known = work.dispatcher(run.shard).waiting.get(run.run_id)
                if known is None or known.attempt != run.next_attempt:
                    work.unheard.append(run)
            case RunStatus.RUNNING:
                work.active.add(run.run_id)
                self._examine_running(stored, work)
            case _:
                self._examine_ended(run, work)

    def _examine_ended(self, run: TaskRun, work: _Pass) -> None:
        if not self.closing.close(run):
            work.repairs.settled += 1
        elif not work.engine.carries(run.run_id, len(run.attempts)):
            # Its dependents are still to be told, and the orchestration that did so is gone.
            work.engine.complete(run.run_id)
            work.repairs.completed += 1

    def _examine_unheard(self, run: TaskRun, work: _Pass) -> None:
        lease = work.dispatcher(run.shard).leases.get(run.run_id)
        if lease is not None and lease.attempt == run.next_attempt:
            if not self._is_fresh(lease):
                self._carry_on(run, lease.attempt, lease, work)
            return
        policies = self.policies.for_run(run.task, run.job.platform)
        work.engine.enqueue(run.shard, waiting(run), policies)
        work.repairs.enqueued += 1

    def _examine_running(self, stored: StoredRun, work: _Pass) -> None:
        run = stored.run
        number = len(run.attempts)
        lease = work.dispatcher(run.shard).leases.get(run.run_id)
        if lease is None or lease.attempt != number:
            lease = self._adopted(run, number)
            work.engine.adopt(run.shard, lease)
            work.adopted.setdefault(run.shard, []).append(lease)
        elif self._is_fresh(lease):
            return
        if self._carry_on(run, number, lease, work):
            reason = "Its orchestration was gone; the run was taken up again."
            change_run(
                self.runs,
                stored,
                lambda current: (
                    None
                    if current.status.is_terminal
                    else remark(current, reason, at=self.clock(), actor=ACTOR)
                ),
            )

    def _is_fresh(self, lease: Lease) -> bool:
        return self.clock() - lease.granted_at < GRACE

    def _adopted(self, run: TaskRun, attempt: int) -> Lease:
        platform = run.job.platform
        task = self.policies.for_run(run.task, platform).tasks.get(run.task)
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
        """Tell the Dispatchers the newest policies; it is also the tick that rings for them."""
        for shard, dispatcher in work.dispatchers.items():
            adopted = work.adopted.get(shard, [])
            if adopted or not dispatcher.is_empty:
                work.engine.renew(shard, self.policies.refreshed(dispatcher, adopted))

    def _carry_on(self, run: TaskRun, attempt: int, lease: Lease, work: _Pass) -> bool:
        """Start the orchestration of a leased attempt if there is none."""
        if work.engine.carries(run.run_id, attempt):
            return False
        work.engine.carry(run.run_id, attempt, run.shard)
        work.repairs.resumed += 1
        _log.warning(
            "A run was taken up again.",
            extra={
                "action": "run_resumed",
                "run_id": run.run_id,
                "attempt": attempt,
                "leased_since": lease.granted_at.isoformat(),
            },
        )
        return True

    def _release_orphans(self, work: _Pass) -> None:
        """Release what the Dispatchers hold for runs that are no longer active."""
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


def _facts(repairs: Repairs) -> dict[str, int]:
    return {
        "active": repairs.active,
        "enqueued": repairs.enqueued,
        "resumed": repairs.resumed,
        "settled": repairs.settled,
        "completed": repairs.completed,
        "withdrawn": repairs.withdrawn,
        "released": repairs.released,
    }
