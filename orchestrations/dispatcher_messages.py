"""Defines the messages to a Dispatcher, and applies each message to the Dispatcher's state.

Every engine keeps the state in its own way. The messages and their effects are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NotRequired, TypedDict

from orchestrations.end_run import EndRunInput
from orchestrations.names import END_RUN, TASK_RUN
from polysync_core.domain.dispatch import decisions
from polysync_core.domain.dispatch.codec import (
    LeaseJson,
    PoliciesJson,
    WaitingRunJson,
    decode_lease,
    decode_policies,
    decode_waiting,
)
from polysync_core.domain.dispatch.decisions import Decision
from polysync_core.domain.dispatch.state import DispatcherState, Lease
from polysync_core.domain.runs.identity import RunId, instance_id

ON_TIMER = "on_timer"
"""The operation that the Dispatcher sends to itself for a later time."""


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
    """The input of a `task_run` orchestration as it is started."""

    run: str
    attempt: int
    shard: str


@dataclass(frozen=True, slots=True)
class Start:
    """An orchestration to start."""

    orchestration: str
    input: Any
    instance_id: str | None = None
    """None for a random id."""
    platform: str | None = None
    """The platform that the orchestration calls; an engine may share its threads by platform."""


def apply_message(
    state: DispatcherState, operation: str, message: Any, *, now: datetime
) -> Decision:
    """Apply a message to a state, and return the decision; raise `LookupError` for no operation."""
    return _OPERATIONS[operation](state, message, now)


def start_of(lease: Lease, shard: str) -> Start:
    """Return the start of the orchestration of a leased attempt."""
    work = TaskRunInput(run=lease.run_id, attempt=lease.attempt, shard=shard)
    target = instance_id(lease.run_id, lease.attempt)
    return Start(TASK_RUN, work, target, platform=lease.platform)


def starts_of(decision: Decision, shard: str) -> Iterator[Start]:
    """Yield the orchestrations that carry out a decision."""
    for lease in decision.starts:
        yield start_of(lease, shard)
    for failure in decision.failures:
        # A random instance id: an earlier orchestration that failed must not block this one.
        yield Start(
            END_RUN,
            EndRunInput(
                run=failure.run_id,
                attempt=failure.attempt,
                cause=failure.cause.value,
                reason=failure.reason,
            ),
        )


def _enqueue(state: DispatcherState, message: Enqueue, now: datetime) -> Decision:
    encoded = message.get("policies")
    waiting = decode_waiting(message["waiting"])
    policies = None if encoded is None else decode_policies(encoded)
    return decisions.enqueue(state, waiting, policies=policies, now=now)


def _release(state: DispatcherState, message: Release, now: datetime) -> Decision:
    return decisions.release(state, RunId(message["run"]), message["attempt"], now=now)


def _restore_lease(state: DispatcherState, message: LeaseJson, now: datetime) -> Decision:
    return decisions.restore_lease(state, decode_lease(message), now=now)


def _update_policies(state: DispatcherState, message: UpdatePolicies, now: datetime) -> Decision:
    return decisions.update_policies(state, decode_policies(message["policies"]), now=now)


def _on_timer(state: DispatcherState, message: Timer, now: datetime) -> Decision:
    return decisions.on_timer(state, datetime.fromtimestamp(message["at"], UTC), now=now)


_OPERATIONS: Mapping[str, Callable[[DispatcherState, Any, datetime], Decision]] = {
    "enqueue": _enqueue,
    "release": _release,
    "restore_lease": _restore_lease,
    "update_policies": _update_policies,
    ON_TIMER: _on_timer,
}
