"""Defines the Dispatcher entity, which applies the rules of `domain.dispatch` to its state.

Each shard has one entity.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NotRequired, TypedDict

import azure.durable_functions as df
from durabletask.entities import DurableEntity

from orchestrations.end_run import EndRunInput
from orchestrations.names import DISPATCHER, END_RUN, TASK_RUN
from polysync_core.domain.dispatch import decisions
from polysync_core.domain.dispatch.codec import (
    LeaseJson,
    PoliciesJson,
    WaitingRunJson,
    decode_lease,
    decode_policies,
    decode_state,
    decode_waiting,
    encode_state,
)
from polysync_core.domain.dispatch.decisions import Decision
from polysync_core.domain.dispatch.state import DispatcherState
from polysync_core.domain.runs.identity import RunId, instance_id

blueprint = df.Blueprint()


class Enqueue(TypedDict):
    """The input of `enqueue`."""

    waiting: WaitingRunJson
    policies: NotRequired[PoliciesJson]
    """The limits of the run; without them, the run waits for `update_policies`."""


class Release(TypedDict):
    """The input of `release`."""

    run: str
    attempt: int


class UpdatePolicies(TypedDict):
    """The input of `update_policies`."""

    policies: PoliciesJson


class Timer(TypedDict):
    """The input of `on_timer`."""

    at: float


class TaskRunInput(TypedDict):
    """The input of a `task_run` orchestration as the Dispatcher starts it."""

    run: str
    attempt: int
    shard: str


class Dispatcher(DurableEntity):
    """Decides which runs start; the decision and its orchestrations are one transaction."""

    def enqueue(self, message: Enqueue) -> None:
        """Add a run to the queue."""
        state, encoded = self._state(), message.get("policies")
        waiting = decode_waiting(message["waiting"])
        policies = None if encoded is None else decode_policies(encoded)
        self._apply(state, decisions.enqueue(state, waiting, policies=policies, now=_now()))

    def release(self, message: Release) -> None:
        """Release the lease or the waiting entry of an attempt."""
        state, run_id = self._state(), RunId(message["run"])
        self._apply(state, decisions.release(state, run_id, message["attempt"], now=_now()))

    def restore_lease(self, message: LeaseJson) -> None:
        """Record the lease of an attempt that is already running."""
        state = self._state()
        self._apply(state, decisions.restore_lease(state, decode_lease(message), now=_now()))

    def update_policies(self, message: UpdatePolicies) -> None:
        """Adopt newer policies, and decide again."""
        state, policies = self._state(), decode_policies(message["policies"])
        self._apply(state, decisions.update_policies(state, policies, now=_now()))

    def on_timer(self, message: Timer) -> None:
        """Decide again at a planned time; the entity sends this signal to itself."""
        state = self._state()
        at = datetime.fromtimestamp(message["at"], UTC)
        self._apply(state, decisions.on_timer(state, at, now=_now()))

    def _state(self) -> DispatcherState:
        stored: Any = self.get_state(dict)
        return decode_state(stored)

    def _apply(self, state: DispatcherState, decision: Decision) -> None:
        shard = self.entity_context.entity_id.key
        for lease in decision.starts:
            self.schedule_new_orchestration(
                TASK_RUN,
                input=TaskRunInput(run=lease.run_id, attempt=lease.attempt, shard=shard),
                instance_id=instance_id(lease.run_id, lease.attempt),
            )
        for failure in decision.failures:
            # A random instance id: an earlier orchestration that failed must not block this one.
            self.schedule_new_orchestration(
                END_RUN,
                input=EndRunInput(
                    run=failure.run_id,
                    attempt=failure.attempt,
                    cause=failure.cause.value,
                    reason=failure.reason,
                ),
            )
        if decision.wake_at is not None:
            timer = Timer(at=decision.wake_at.timestamp())
            own = self.entity_context.entity_id
            self.signal_entity(own, "on_timer", timer, signal_time=decision.wake_at)
        self.set_state(None if state.is_empty else encode_state(state))


def _now() -> datetime:
    return datetime.now(UTC)


blueprint.entity_trigger(context_name="context", entity_name=DISPATCHER)(Dispatcher)
