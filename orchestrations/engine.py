"""Implements the `Engine` port with a Durable Functions client."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import grpc
from azure.durable_functions import SyncDurableFunctionsClient
from durabletask.client import OrchestrationStatus
from durabletask.entities import EntityInstanceId

from orchestrations.complete_run import CompleteRunInput
from orchestrations.dispatcher_messages import Enqueue, Release, TaskRunInput, UpdatePolicies
from orchestrations.names import COMPLETE_RUN, DISPATCHER, TASK_RUN, WAKE
from polysync_core.domain.dispatch.codec import (
    decode_state,
    encode_lease,
    encode_policies,
    encode_waiting,
)
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.state import DispatcherState, Lease, WaitingRun
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.identity import RunId, completion_id, instance_id

_LIVE = {
    OrchestrationStatus.PENDING,
    OrchestrationStatus.RUNNING,
    OrchestrationStatus.SUSPENDED,
}
_ENDED = [
    OrchestrationStatus.COMPLETED,
    OrchestrationStatus.FAILED,
    OrchestrationStatus.TERMINATED,
]


class DurableEngine:
    """Calls the durable backend through the client that the Functions host describes."""

    def __init__(self, binding: str) -> None:
        """`binding` is the JSON with addresses that the host passes to a durable client input."""
        self._client = SyncDurableFunctionsClient.get_cached(binding)

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
        target = instance_id(run_id, attempt)
        _call(
            lambda: self._client.raise_orchestration_event(target, WAKE),
            absent=(grpc.StatusCode.NOT_FOUND,),
        )

    def is_live(self, run_id: RunId, attempt: int) -> bool:
        """Return whether the attempt has a live orchestration."""
        target = instance_id(run_id, attempt)
        state = _call(lambda: self._client.get_orchestration_state(target, fetch_payloads=False))
        return state is not None and state.runtime_status in _LIVE

    def start_attempt(self, run_id: RunId, attempt: int, shard: str) -> None:
        """Start the orchestration of an attempt unless it is live."""
        work = TaskRunInput(run=run_id, attempt=attempt, shard=shard)
        self._start(TASK_RUN, work, instance_id(run_id, attempt))

    def notify_dependents(self, run_id: RunId) -> None:
        """Start to notify the dependents of an ended run, unless that is under way."""
        self._start(COMPLETE_RUN, CompleteRunInput(run=run_id), completion_id(run_id))

    def forget_ended(self, created_from: datetime, created_to: datetime) -> int:
        """Delete the ended orchestrations that were created in a window; return their number."""
        purged = _call(
            lambda: self._client.purge_orchestrations_by(
                created_time_from=created_from, created_time_to=created_to, runtime_status=_ENDED
            )
        )
        return 0 if purged is None else purged.deleted_instance_count

    def dispatcher(self, shard: str) -> DispatcherState:
        """Return the state of a shard's Dispatcher."""
        entity = _call(lambda: self._client.get_entity(EntityInstanceId(DISPATCHER, shard)))
        # The client returns the state as the text that the entity stored.
        text = None if entity is None else entity.get_state(str)
        return decode_state(json.loads(text) if text else None)

    def _start(self, orchestration: str, work: Any, target: str) -> None:
        """Start an orchestration unless it is live.

        Some backends refuse the id of a finished instance, so that instance is purged first.
        """
        _call(lambda: self._client.purge_orchestration(target))
        _call(
            lambda: self._client.schedule_new_orchestration(
                orchestration, input=work, instance_id=target
            ),
            absent=(grpc.StatusCode.ALREADY_EXISTS,),
        )

    def _signal(self, shard: str, operation: str, message: Any) -> None:
        entity = EntityInstanceId(DISPATCHER, shard)
        _call(lambda: self._client.signal_entity(entity, operation, message))


def _call[T](call: Callable[[], T], absent: tuple[grpc.StatusCode, ...] = ()) -> T | None:
    """Return the backend's answer; None for a status in `absent`; raise `Unavailable` otherwise."""
    try:
        return call()
    except grpc.RpcError as error:
        code = error.code() if isinstance(error, grpc.Call) else None
    if code in absent:
        return None
    raise Unavailable(f"The durable engine does not answer ({code}).", retry_after=5)
