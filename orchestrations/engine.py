"""Implements the orchestration engine interface with a Durable Functions client."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import grpc
from azure.durable_functions import SyncDurableFunctionsClient
from durabletask.client import OrchestrationStatus
from durabletask.entities import EntityInstanceId

from orchestrations.dispatcher_messages import Start
from orchestrations.engine_calls import EngineCalls
from orchestrations.names import DISPATCHER
from polysync_core.domain.dispatch.codec import decode_state
from polysync_core.domain.dispatch.state import DispatcherState
from polysync_core.domain.errors import Unavailable

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


class DurableEngine(EngineCalls):
    """Calls the durable backend through the client that the Functions host describes."""

    def __init__(self, binding: str) -> None:
        """`binding` is the JSON with addresses that the host passes to a durable client input."""
        self._client = SyncDurableFunctionsClient.get_cached(binding)

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

    def _is_live(self, target: str) -> bool:
        state = _call(lambda: self._client.get_orchestration_state(target, fetch_payloads=False))
        return state is not None and state.runtime_status in _LIVE

    def _start(self, start: Start) -> None:
        """Start an orchestration unless its id is live.

        Some backends refuse the id of a finished instance, so that instance is purged first.
        """
        target = start.instance_id
        if target is not None:
            _call(lambda: self._client.purge_orchestration(target))
        _call(
            lambda: self._client.schedule_new_orchestration(
                start.orchestration, input=start.input, instance_id=target
            ),
            absent=(grpc.StatusCode.ALREADY_EXISTS,),
        )

    def _raise_event(self, target: str, event: str) -> None:
        _call(
            lambda: self._client.raise_orchestration_event(target, event),
            absent=(grpc.StatusCode.NOT_FOUND,),
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
