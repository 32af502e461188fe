"""Implements the orchestration engine interface for tests, with a real Dispatcher state."""

from __future__ import annotations

from datetime import datetime

from polysync_core.domain.clock import Clock, utc_now
from polysync_core.domain.dispatch import decisions
from polysync_core.domain.dispatch.blocked_runs import QueueFailure
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.state import DispatcherState, Lease, WaitingRun
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.identity import RunId


class FakeEngine:
    """Applies signals at once, or refuses them if `unavailable`; `live` holds the live attempts."""

    def __init__(self) -> None:
        self.states: dict[str, DispatcherState] = {}
        self.live: set[tuple[RunId, int]] = set()
        self.woken: list[tuple[RunId, int]] = []
        self.completed: list[RunId] = []
        self.failures: list[QueueFailure] = []
        self.forgotten: list[tuple[datetime, datetime]] = []
        self.unavailable = False
        self.clock: Clock = utc_now

    def enqueue(self, shard: str, waiting: WaitingRun, policies: PolicySet) -> None:
        state = self._reachable(shard)
        self._do(decisions.enqueue(state, waiting, policies=policies, now=self.clock()))

    def release(self, shard: str, run_id: RunId, attempt: int) -> None:
        self.live.discard((run_id, attempt))
        self._do(decisions.release(self._reachable(shard), run_id, attempt, now=self.clock()))

    def restore_lease(self, shard: str, lease: Lease) -> None:
        self._do(decisions.restore_lease(self._reachable(shard), lease, now=self.clock()))

    def update_policies(self, shard: str, policies: PolicySet) -> None:
        self._do(decisions.update_policies(self._reachable(shard), policies, now=self.clock()))

    def wake(self, run_id: RunId, attempt: int) -> None:
        self._reachable("main")
        self.woken.append((run_id, attempt))

    def is_live(self, run_id: RunId, attempt: int) -> bool:
        return (run_id, attempt) in self.live

    def start_attempt(self, shard: str, lease: Lease) -> None:
        self.live.add((lease.run_id, lease.attempt))

    def notify_dependents(self, run_id: RunId) -> None:
        self._reachable("main")
        self.completed.append(run_id)

    def forget_ended(self, created_from: datetime, created_to: datetime) -> int:
        self._reachable("main")
        self.forgotten.append((created_from, created_to))
        return 1

    def dispatcher(self, shard: str) -> DispatcherState:
        return self.states.setdefault(shard, DispatcherState())

    def _do(self, decision: decisions.Decision) -> None:
        self.live.update((lease.run_id, lease.attempt) for lease in decision.starts)
        self.failures += decision.failures

    def _reachable(self, shard: str) -> DispatcherState:
        if self.unavailable:
            raise Unavailable
        return self.dispatcher(shard)
