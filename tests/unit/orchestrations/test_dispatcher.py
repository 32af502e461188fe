"""Tests of the Dispatcher entity: stored state, started orchestrations and wake-up signals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from azure.durable_functions.testing import EntitySignalAction, EntityTestResult, execute_entity

from orchestrations.dispatcher import Dispatcher
from orchestrations.dispatcher_messages import Enqueue, Release, UpdatePolicies
from orchestrations.names import DISPATCHER, END_RUN, TASK_RUN
from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch.codec import encode_lease, encode_policies, encode_waiting
from polysync_core.domain.dispatch.policies import (
    ConcurrencyRule,
    PolicySet,
    ProfilePolicy,
    StartRateRule,
    TaskPolicy,
)
from polysync_core.domain.dispatch.state import Lease, WaitingRun
from tests.fakes.builders import NOON, run_id


class Entity:
    """The entity between two operations, which is only its stored state."""

    def __init__(self) -> None:
        self.state: Any = None
        self.started: list[tuple[str, str, Any]] = []
        self.signals: list[tuple[str, datetime | None, Any]] = []

    def send(self, operation: str, message: Any) -> None:
        result: EntityTestResult = execute_entity(
            Dispatcher,
            operation,
            input=message,
            state=self.state,
            entity_name=DISPATCHER,
            entity_key="main",
        )
        self.state = result.get_state(dict)
        for action in result.actions:
            if isinstance(action, EntitySignalAction):
                self.signals.append((action.operation, action.scheduled_time, action.get_input()))
            else:
                self.started.append((action.name, action.instance_id, action.get_input()))


def enqueue(name: str, *policies: TaskPolicy | ProfilePolicy) -> Enqueue:
    waiting = WaitingRun(run_id=run_id(name), attempt=1, task="t", priority=100, queued_at=NOON)
    known = PolicySet()
    known.add(*(policies or (TaskPolicy(name="t", max_concurrent_runs=1),)))
    return Enqueue(waiting=encode_waiting(waiting), policies=encode_policies(known))


def test_a_start_is_an_orchestration_named_after_the_attempt() -> None:
    entity = Entity()
    entity.send("enqueue", enqueue("a"))
    assert entity.started == [
        (
            TASK_RUN,
            f"{run_id('a')}~1",
            {"run": run_id("a"), "attempt": 1, "shard": "main"},
        )
    ]


def test_the_state_is_stored_between_operations_and_deleted_when_it_is_empty() -> None:
    entity = Entity()
    entity.send("enqueue", enqueue("a"))
    entity.send("enqueue", enqueue("b"))
    assert len(entity.started) == 1
    entity.send("release", Release(run=run_id("a"), attempt=1))
    assert [instance for _, instance, _ in entity.started] == [
        f"{run_id('a')}~1",
        f"{run_id('b')}~1",
    ]
    entity.send("release", Release(run=run_id("b"), attempt=1))
    assert entity.state is None


def test_a_run_with_a_restored_lease_is_not_started() -> None:
    entity = Entity()
    entity.send(
        "restore_lease",
        encode_lease(Lease(run_id=run_id("a"), attempt=1, task="t", granted_at=NOON)),
    )
    entity.send("enqueue", enqueue("a"))
    assert entity.started == []


def test_a_rejected_run_is_ended_by_an_orchestration() -> None:
    entity = Entity()
    reject = ProfilePolicy(
        name="cap", rule=ConcurrencyRule(slots=1), exceed_action=ExceedAction.REJECT
    )
    task = TaskPolicy(name="t", profiles=("cap",))
    entity.send("enqueue", enqueue("a", task, reject))
    entity.send("enqueue", enqueue("b", task, reject))
    name, _, work = entity.started[-1]
    assert name == END_RUN
    assert (work["run"], work["attempt"]) == (run_id("b"), 1)
    assert work["cause"] == "ContentionRejected"


def test_the_entity_sends_itself_a_wake_up_for_the_next_permitted_start() -> None:
    entity = Entity()
    task = TaskPolicy(name="t", profiles=("rate",))
    rate = ProfilePolicy(name="rate", rule=StartRateRule(limit=1, window=10_000))
    entity.send("enqueue", enqueue("a", task, rate))
    entity.send("enqueue", enqueue("b", task, rate))
    entity.send("enqueue", enqueue("c", task, rate))
    ((operation, at, message),) = entity.signals
    assert operation == "on_timer"
    assert at is not None
    assert message == {"at": pytest.approx(at.timestamp(), abs=1e-3)}
    entity.send("on_timer", message)
    assert len(entity.started) == 1, "an early timer starts no run"
    assert len(entity.signals) == 2, "an early timer is re-armed"


def test_updated_policies_apply_to_waiting_runs() -> None:
    entity = Entity()
    entity.send("enqueue", enqueue("a"))
    entity.send("enqueue", enqueue("b"))
    wider = PolicySet()
    wider.add(TaskPolicy(name="t", version=1, max_concurrent_runs=2))
    entity.send("update_policies", UpdatePolicies(policies=encode_policies(wider)))
    assert len(entity.started) == 2
