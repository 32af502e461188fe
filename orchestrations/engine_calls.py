"""Translates calls of the engine interface into entity messages and orchestration starts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from orchestrations.complete_run import CompleteRunInput
from orchestrations.dispatcher_messages import Enqueue, Release, Start, UpdatePolicies, start_of
from orchestrations.names import COMPLETE_RUN, WAKE
from polysync_core.domain.dispatch.codec import encode_lease, encode_policies, encode_waiting
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.state import Lease, WaitingRun
from polysync_core.domain.runs.identity import RunId, completion_id, instance_id


class EngineCalls(ABC):
    """The calls of the `Engine` port that are the same for every engine."""

    def enqueue(self, shard: str, waiting: WaitingRun, policies: PolicySet) -> None:
        """Signal to a shard's Dispatcher that a run waits, with the run's limits."""
        message = Enqueue(waiting=encode_waiting(waiting), policies=encode_policies(policies))
        self._signal(shard, "enqueue", message)

    def release(self, shard: str, run_id: RunId, attempt: int) -> None:
        """Signal to the Dispatcher that an attempt has ended or no longer waits."""
        self._signal(shard, "release", Release(run=run_id, attempt=attempt))

    def restore_lease(self, shard: str, lease: Lease) -> None:
        """Signal to the Dispatcher that an attempt is already running."""
        self._signal(shard, "restore_lease", encode_lease(lease))

    def update_policies(self, shard: str, policies: PolicySet) -> None:
        """Send newer policies to the Dispatcher, which then decides again."""
        self._signal(shard, "update_policies", UpdatePolicies(policies=encode_policies(policies)))

    def wake(self, run_id: RunId, attempt: int) -> None:
        """Make the orchestration of an attempt take its next step now; ignore a missing one."""
        self._raise_event(instance_id(run_id, attempt), WAKE)

    def is_live(self, run_id: RunId, attempt: int) -> bool:
        """Return whether the attempt has a live orchestration."""
        return self._is_live(instance_id(run_id, attempt))

    def start_attempt(self, shard: str, lease: Lease) -> None:
        """Start the orchestration of a leased attempt unless it is live."""
        self._start(start_of(lease, shard))

    def notify_dependents(self, run_id: RunId) -> None:
        """Start to notify the dependents of an ended run, unless that is under way."""
        self._start(Start(COMPLETE_RUN, CompleteRunInput(run=run_id), completion_id(run_id)))

    @abstractmethod
    def _signal(self, shard: str, operation: str, message: Any) -> None:
        """Send a message to a shard's Dispatcher."""

    @abstractmethod
    def _raise_event(self, target: str, event: str) -> None:
        """Send an event to an orchestration; ignore a missing one."""

    @abstractmethod
    def _is_live(self, target: str) -> bool:
        """Return whether an id belongs to a live orchestration."""

    @abstractmethod
    def _start(self, start: Start) -> None:
        """Start an orchestration unless its id is live."""
