"""The Dispatchers of the embedded engine."""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from orchestrations.durable_functions import DurableFunctions
from orchestrations.names import END_RUN, TASK_RUN
from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch.policies import (
    ConcurrencyRule,
    PolicySet,
    ProfilePolicy,
    TaskPolicy,
)
from polysync_core.domain.dispatch.state import DispatcherState, Lease, WaitingRun
from polysync_embedded.engine.engine import EmbeddedEngine
from tests.fakes.builders import run_id
from tests.fakes.virtual_loop import START, VirtualClock, VirtualLoop, VirtualWorkers

TASK = TaskPolicy(name="load", max_concurrent_runs=1)


class DispatcherWorld:
    """An engine whose attempts wait for a wake-up, and that records its starts."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.loop = VirtualLoop(self.clock)
        self.started: list[tuple[str, Any]] = []
        functions = DurableFunctions(
            orchestrations={TASK_RUN: self._attempt, END_RUN: self._end}, activities={}
        )
        self.engine = EmbeddedEngine(
            clock=self.clock, loop=self.loop, workers=VirtualWorkers(), functions=functions
        )

    def enqueue(self, name: str, *policies: TaskPolicy | ProfilePolicy, **fields: Any) -> None:
        waiting = WaitingRun(
            run_id=run_id(name), attempt=1, task="load", priority=100, queued_at=self.clock.now
        )
        known = PolicySet()
        known.add(*(policies or (TASK,)))
        self.engine.enqueue("main", replace(waiting, **fields), known)
        self.settle()

    def release(self, name: str) -> None:
        self.engine.release("main", run_id(name), 1)
        self.settle()

    def settle(self) -> None:
        self.loop.fire_due()
        while self.loop.run_next():
            self.loop.fire_due()

    @property
    def runs(self) -> list[str]:
        """The runs of the started attempts, in order."""
        return [work["run"] for name, work in self.started if name == TASK_RUN]

    def _attempt(self, context: Any, work: Any) -> Generator[Any, Any]:
        self.started.append((TASK_RUN, work))
        yield context.wait_for_external_event("wake")

    def _end(self, context: Any, work: Any) -> Generator[Any, Any]:
        self.started.append((END_RUN, work))
        yield context.create_timer(timedelta(seconds=1))


@pytest.fixture
def world() -> DispatcherWorld:
    return DispatcherWorld()


def test_a_run_starts_as_soon_as_a_lease_is_free(world: DispatcherWorld) -> None:
    world.enqueue("a")
    world.enqueue("b")
    assert world.runs == [run_id("a")]
    assert world.engine.is_live(run_id("a"), 1)
    world.release("a")
    assert world.runs == [run_id("a"), run_id("b")]


@pytest.mark.parametrize("repeats", [2, 500])
def test_a_repeated_signal_starts_nothing_twice(world: DispatcherWorld, repeats: int) -> None:
    for _ in range(repeats):
        world.enqueue("a")
    assert world.runs == [run_id("a")]
    for _ in range(repeats):
        world.release("a")
    assert world.engine.dispatcher("main") == DispatcherState()


def test_a_late_repeat_does_not_start_a_live_attempt_again(
    world: DispatcherWorld,
) -> None:
    """The reconciler releases such a lease; the engine must not start a live attempt twice."""
    world.enqueue("a")
    world.release("a")
    world.enqueue("a")
    assert world.runs == [run_id("a")], "the orchestration of the attempt is still live"
    world.release("a")
    assert world.engine.dispatcher("main") == DispatcherState()


def test_a_planned_decision_is_made_at_its_time(world: DispatcherWorld) -> None:
    world.enqueue("a", not_before=START + timedelta(seconds=30))
    assert world.runs == []
    assert world.loop.next_due() == START + timedelta(seconds=30)
    world.clock.advance(30)
    world.settle()
    assert world.runs == [run_id("a")]


def test_the_timers_of_a_shard_do_not_pile_up(world: DispatcherWorld) -> None:
    cap = ProfilePolicy(name="cap", rule=ConcurrencyRule(slots=1), queue_timeout=86_400_000)
    limited = TaskPolicy(name="load", profiles=("cap",))
    for number in range(20):
        world.enqueue(f"first-{number}", limited, cap)
        world.enqueue(f"second-{number}", limited, cap)
        assert world.loop.pending == 1
        world.release(f"first-{number}")
        world.release(f"second-{number}")
        assert world.loop.pending == 0


def test_an_earlier_planned_decision_replaces_a_later_one_and_loses_none(
    world: DispatcherWorld,
) -> None:
    for seconds in (90, 30, 60):
        world.enqueue(str(seconds), TaskPolicy(name="load"), not_before=_after(seconds))
        assert world.loop.pending == 1
    for seconds in (30, 60, 90):
        world.clock.now = max(world.clock.now, _after(seconds))
        world.settle()
        assert world.runs[-1] == run_id(str(seconds))


def _after(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def test_rejected_runs_are_ended_under_ids_of_their_own(world: DispatcherWorld) -> None:
    reject = ProfilePolicy(
        name="cap", rule=ConcurrencyRule(slots=1), exceed_action=ExceedAction.REJECT
    )
    limited = TaskPolicy(name="load", profiles=("cap",))
    for name in ("a", "b", "b"):
        world.enqueue(name, limited, reject)
    ended = [work for name, work in world.started if name == END_RUN]
    assert [work["run"] for work in ended] == [run_id("b")] * 2
    assert len(world.engine.live()) == 3


def test_shards_are_independent(world: DispatcherWorld) -> None:
    world.enqueue("a")
    lease = Lease(run_id=run_id("x"), attempt=1, task="load", granted_at=START)
    world.engine.restore_lease("other", lease)
    world.settle()
    assert set(world.engine.dispatcher("other").leases) == {run_id("x")}
    assert set(world.engine.dispatcher("main").leases) == {run_id("a")}
    assert world.engine.dispatcher("unknown") == DispatcherState()


def test_newer_policies_start_waiting_runs(world: DispatcherWorld) -> None:
    world.enqueue("a")
    world.enqueue("b")
    newer = PolicySet()
    newer.add(replace(TASK, version=1, max_concurrent_runs=2))
    world.engine.update_policies("main", newer)
    world.settle()
    assert world.runs == [run_id("a"), run_id("b")]


def test_a_message_that_cannot_be_applied_changes_nothing_and_is_logged(
    world: DispatcherWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world.enqueue("a")
    before = world.engine.dispatcher("main")
    with caplog.at_level(logging.ERROR):
        world.engine._signal("main", "enqueue", {"waiting": {}})
        world.engine._signal("main", "unknown", {})
        world.settle()
    assert [each.__dict__["action"] for each in caplog.records] == ["dispatcher_failed"] * 2
    assert world.engine.dispatcher("main") == before
    world.release("a")
    assert world.engine.dispatcher("main") == DispatcherState()


def test_a_message_that_is_no_json_fails_at_its_sender(world: DispatcherWorld) -> None:
    with pytest.raises(TypeError):
        world.engine._signal("main", "enqueue", {"waiting": START})


def test_a_copy_of_the_state_is_independent(world: DispatcherWorld) -> None:
    world.enqueue("a")
    world.enqueue("b")
    state = world.engine.dispatcher("main")
    world.release("a")
    assert set(state.leases) == {run_id("a")}
    assert set(state.waiting) == {run_id("b")}
    state.leases.clear()
    state.policies.tasks.clear()
    assert set(world.engine.dispatcher("main").leases) == {run_id("b")}


def test_nothing_ended_is_kept(world: DispatcherWorld) -> None:
    world.enqueue("a")
    world.engine.wake(run_id("a"), 1)
    world.settle()
    assert not world.engine.is_live(run_id("a"), 1)
    assert world.engine.forget_ended(START, START + timedelta(days=1)) == 0
