"""The use cases' `Engine`, on a Durable Functions client."""

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
from orchestrations.dispatcher import Enqueue, Release, TaskRunInput, UpdatePolicies
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
    """Talks to the durable backend through the client that the Functions host describes."""

    def __init__(self, binding: str) -> None:
        """`binding` is what the host passes to a durable client input: JSON with its addresses."""
        self._client = SyncDurableFunctionsClient.get_cached(binding)

    def enqueue(self, shard: str, waiting: WaitingRun, policies: PolicySet) -> None:
        """Tell the Dispatcher of a shard that a run wants to start, and under which limits."""
        message = Enqueue(waiting=encode_waiting(waiting), policies=encode_policies(policies))
        self._signal(shard, "enqueue", message)

    def release(self, shard: str, run_id: RunId, attempt: int) -> None:
        """Tell the Dispatcher that an attempt has ended or no longer wants to start."""
        self._signal(shard, "release", Release(run=run_id, attempt=attempt))

    def restore_lease(self, shard: str, lease: Lease) -> None:
        """Tell the Dispatcher that an attempt is running already."""
        self._signal(shard, "restore_lease", encode_lease(lease))

    def update_policies(self, shard: str, policies: PolicySet) -> None:
        """Tell the Dispatcher of newer policies, and make it look at everything again."""
        self._signal(shard, "update_policies", UpdatePolicies(policies=encode_policies(policies)))

    def wake(self, run_id: RunId, attempt: int) -> None:
        """Make the orchestration of an attempt look at its run now; a missing one is no error."""
        target = instance_id(run_id, attempt)
        _asked(
            lambda: self._client.raise_orchestration_event(target, WAKE),
            absent=(grpc.StatusCode.NOT_FOUND,),
        )

    def carries(self, run_id: RunId, attempt: int) -> bool:
        """Tell whether a live orchestration carries the attempt."""
        target = instance_id(run_id, attempt)
        state = _asked(lambda: self._client.get_orchestration_state(target, fetch_payloads=False))
        return state is not None and state.runtime_status in _LIVE

    def carry(self, run_id: RunId, attempt: int, shard: str) -> None:
        """Start the orchestration of an attempt unless it is live."""
        work = TaskRunInput(run=run_id, attempt=attempt, shard=shard)
        self._start(TASK_RUN, work, instance_id(run_id, attempt))

    def complete(self, run_id: RunId) -> None:
        """Start telling the dependents of a run that has ended, unless that is under way."""
        self._start(COMPLETE_RUN, CompleteRunInput(run=run_id), completion_id(run_id))

    def forget_ended(self, created_from: datetime, created_to: datetime) -> int:
        """Delete what has ended of the orchestrations created in a window; return how many."""
        purged = _asked(
            lambda: self._client.purge_orchestrations_by(
                created_time_from=created_from, created_time_to=created_to, runtime_status=_ENDED
            )
        )
        return 0 if purged is None else purged.deleted_instance_count

    def dispatcher(self, shard: str) -> DispatcherState:
        """Return what the Dispatcher of a shard knows."""
        entity = _asked(lambda: self._client.get_entity(EntityInstanceId(DISPATCHER, shard)))
        # The client hands the state over as the text that the entity stored.
        text = None if entity is None else entity.get_state(str)
        return decode_state(json.loads(text) if text else None)

    def _start(self, orchestration: str, work: Any, target: str) -> None:
        """Start an orchestration unless it is live.

        A finished instance of this id would stand in the way on some backends, so it is purged.
        """
        _asked(lambda: self._client.purge_orchestration(target))
        _asked(
            lambda: self._client.schedule_new_orchestration(
                orchestration, input=work, instance_id=target
            ),
            absent=(grpc.StatusCode.ALREADY_EXISTS,),
        )

    def _signal(self, shard: str, operation: str, message: Any) -> None:
        entity = EntityInstanceId(DISPATCHER, shard)
        _asked(lambda: self._client.signal_entity(entity, operation, message))


def _asked[T](call: Callable[[], T], absent: tuple[grpc.StatusCode, ...] = ()) -> T | None:
    """Return the backend's answer; None for a status in `absent`, `Unavailable` for any other."""
    try:
        return call()
    except grpc.RpcError as error:
        code = error.code() if isinstance(error, grpc.Call) else None
    if code in absent:
        return None
    raise Unavailable(f"The durable engine does not answer ({code}).", retry_after=5)
