"""The refusal of new runs while a shard holds its maximum of waiting runs."""

from __future__ import annotations

import pytest

from polysync_core.application.dispatch.shard_capacity import (
    READ_AFTER_RUNS,
    READ_AFTER_SECONDS,
    ShardCapacity,
)
from polysync_core.domain.dispatch.state import DispatcherState
from polysync_core.domain.errors import ShardFull, Unavailable
from tests.fakes.engine import FakeEngine


class CountedEngine(FakeEngine):
    """An engine whose Dispatchers hold a number of waiting runs, and which counts the reads."""

    def __init__(self, waiting: int = 0) -> None:
        super().__init__()
        self.waiting = waiting
        self.reads = 0

    def dispatcher(self, shard: str) -> DispatcherState:
        if self.unavailable:
            raise Unavailable
        self.reads += 1
        state = DispatcherState()
        state.waiting = dict.fromkeys(map(str, range(self.waiting)))  # type: ignore[assignment]
        return state


class Desk:
    """A limit of ten waiting runs, with a clock."""

    def __init__(self, waiting: int = 0) -> None:
        self.now = 0.0
        self.engine = CountedEngine(waiting)
        self.capacity = ShardCapacity(monotonic=lambda: self.now, max_waiting_runs=10)

    def take(self, runs: int = 1, shard: str = "main") -> None:
        self.capacity.take(shard, self.engine, runs=runs)


def test_runs_are_admitted_up_to_the_limit_and_the_refusal_names_it() -> None:
    desk = Desk(waiting=8)
    desk.take()
    desk.take()

    with pytest.raises(ShardFull, match=r"'main' holds 10 waiting runs.* from 10 on") as refused:
        desk.take()

    assert refused.value.retry_after == 30


def test_a_request_for_many_runs_is_admitted_as_a_whole_or_not_at_all() -> None:
    desk = Desk(waiting=5)

    with pytest.raises(ShardFull):
        desk.take(runs=6)
    desk.take(runs=5)
    with pytest.raises(ShardFull):
        desk.take()


def test_each_shard_has_its_own_room() -> None:
    desk = Desk()
    desk.take(runs=10)

    desk.take(runs=10, shard="far")


def test_few_runs_cost_one_count_in_ten_minutes() -> None:
    desk = Desk()
    for _ in range(5):
        desk.take()
    assert desk.engine.reads == 1

    desk.now += READ_AFTER_SECONDS
    desk.take()
    assert desk.engine.reads == 2


def test_many_runs_are_counted_again_because_other_processes_accept_runs_as_well() -> None:
    engine = CountedEngine()
    capacity = ShardCapacity(monotonic=lambda: 0.0, max_waiting_runs=1000)
    for _ in range(READ_AFTER_RUNS):
        capacity.take("main", engine)
    engine.waiting = 1000

    with pytest.raises(ShardFull):
        capacity.take("main", engine)


def test_a_full_shard_is_counted_again_after_some_seconds_and_admits_runs_when_runs_started() -> (
    None
):
    desk = Desk(waiting=10)
    for _ in range(3):
        with pytest.raises(ShardFull):
            desk.take()
    assert desk.engine.reads == 1

    desk.engine.waiting = 3
    desk.now += 5
    desk.take()


def test_runs_are_admitted_while_the_engine_does_not_answer() -> None:
    desk = Desk(waiting=10)
    desk.engine.unavailable = True

    desk.take(runs=100)
