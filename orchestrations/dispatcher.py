"""Implements the Dispatcher, which starts queued runs, as a Durable Functions entity.

Each shard has one entity.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from durabletask.entities import DurableEntity

from orchestrations.dispatcher_messages import (
    ON_TIMER,
    Enqueue,
    Release,
    Timer,
    UpdatePolicies,
    apply_message,
    starts_of,
)
from polysync_core.domain.dispatch.codec import LeaseJson, decode_state, encode_state


class Dispatcher(DurableEntity):
    """Decides which runs start; the decision and its orchestrations are one transaction."""

    def enqueue(self, message: Enqueue) -> None:
        """Add a run to the queue."""
        self._apply("enqueue", message)

    def release(self, message: Release) -> None:
        """Release the lease or the waiting entry of an attempt."""
        self._apply("release", message)

    def restore_lease(self, message: LeaseJson) -> None:
        """Record the lease of an attempt that is already running."""
        self._apply("restore_lease", message)

    def update_policies(self, message: UpdatePolicies) -> None:
        """Adopt newer policies, and decide again."""
        self._apply("update_policies", message)

    def on_timer(self, message: Timer) -> None:
        """Decide again at a planned time; the entity sends this signal to itself."""
        self._apply(ON_TIMER, message)

    def _apply(self, operation: str, message: Any) -> None:
        stored: Any = self.get_state(dict)
        state = decode_state(stored)
        decision = apply_message(state, operation, message, now=_now())
        own = self.entity_context.entity_id
        for start in starts_of(decision, own.key):
            self.schedule_new_orchestration(
                start.orchestration, input=start.input, instance_id=start.instance_id
            )
        if decision.wake_at is not None:
            timer = Timer(at=decision.wake_at.timestamp())
            self.signal_entity(own, ON_TIMER, timer, signal_time=decision.wake_at)
        self.set_state(None if state.is_empty else encode_state(state))


def _now() -> datetime:
    return datetime.now(UTC)
