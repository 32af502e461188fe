"""Any number of timers on one thread."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from devhost.durable.timer_queue import SMALL, TimerQueue


class Clocks:
    """A monotonic clock and a wall clock that agree until the test sets one."""

    def __init__(self) -> None:
        self.passed = 100.0
        self.offset = 1_800_000_000.0

    def timer_queue(self) -> TimerQueue:
        return TimerQueue(monotonic=lambda: self.passed, wall=lambda: self.passed + self.offset)

    def wall(self) -> datetime:
        return datetime.fromtimestamp(self.passed + self.offset, UTC)


def fired(timer_queue: TimerQueue) -> int:
    due = timer_queue.take_due()
    for action in due:
        action()
    return len(due)


def nothing() -> None:
    """An action."""


@given(st.lists(st.integers(min_value=0, max_value=1000), max_size=50))
def test_actions_run_in_the_order_of_their_due_times(delays: list[int]) -> None:
    clocks, order = Clocks(), list[int]()
    timer_queue = clocks.timer_queue()
    for delay in delays:
        timer_queue.after(delay, lambda delay=delay: order.append(delay))

    clocks.passed += 1001
    fired(timer_queue)

    assert order == sorted(delays)
    assert len(timer_queue) == 0


def test_an_action_does_not_fire_early_and_fires_once() -> None:
    clocks = Clocks()
    timer_queue = clocks.timer_queue()
    timer_queue.at(clocks.wall() + timedelta(seconds=10), nothing)

    clocks.passed += 9.9
    assert fired(timer_queue) == 0
    clocks.passed += 0.2
    assert [fired(timer_queue), fired(timer_queue)] == [1, 0]


def test_a_time_in_the_past_is_due_at_once() -> None:
    clocks = Clocks()
    timer_queue = clocks.timer_queue()
    timer_queue.at(clocks.wall() - timedelta(hours=1), nothing)

    assert fired(timer_queue) == 1


def test_a_clock_set_forward_runs_overdue_actions() -> None:
    clocks = Clocks()
    timer_queue = clocks.timer_queue()
    timer_queue.at(clocks.wall() + timedelta(minutes=50), nothing)

    clocks.offset += 3600

    assert fired(timer_queue) == 1


def test_a_clock_set_back_delays_nothing() -> None:
    clocks = Clocks()
    timer_queue = clocks.timer_queue()
    timer_queue.at(clocks.wall() + timedelta(seconds=10), nothing)

    clocks.offset -= 3600
    clocks.passed += 10

    assert fired(timer_queue) == 1


def test_timers_set_after_a_jump_keep_their_interval() -> None:
    clocks = Clocks()
    timer_queue = clocks.timer_queue()
    clocks.offset += 3600
    fired(timer_queue)
    timer_queue.at(clocks.wall() + timedelta(seconds=10), nothing)

    assert fired(timer_queue) == 0
    clocks.passed += 10
    assert fired(timer_queue) == 1


def test_a_cancelled_timer_does_not_fire() -> None:
    clocks = Clocks()
    timer_queue = clocks.timer_queue()
    timer = timer_queue.after(1, nothing)
    timer_queue.cancel(timer)
    timer_queue.cancel(timer)
    clocks.passed += 2

    assert (fired(timer_queue), len(timer_queue)) == (0, 0)


def test_cancelling_a_timer_that_has_fired_changes_nothing() -> None:
    clocks = Clocks()
    timer_queue = clocks.timer_queue()
    timer = timer_queue.after(0, nothing)
    fired(timer_queue)
    timer_queue.cancel(timer)
    timer_queue.after(5, nothing)

    assert len(timer_queue) == 1


def test_cancelled_timers_do_not_accumulate() -> None:
    timer_queue = Clocks().timer_queue()
    for _ in range(1000):
        timer_queue.cancel(timer_queue.after(86400, nothing))

    assert len(timer_queue._heap) <= SMALL + 1


def test_the_thread_fires_a_timer_that_is_set_while_it_sleeps() -> None:
    timer_queue, rang = TimerQueue(), threading.Event()
    timer_queue.start()
    try:
        timer_queue.after(3600, nothing)
        timer_queue.after(0.01, rang.set)
        assert rang.wait(timeout=30)
    finally:
        timer_queue.stop()


def test_an_action_that_raises_does_not_stop_the_others() -> None:
    timer_queue, rang = TimerQueue(), threading.Event()
    timer_queue.start()
    try:
        timer_queue.after(0, _raise)
        timer_queue.after(0.01, rang.set)
        assert rang.wait(timeout=30)
    finally:
        timer_queue.stop()


def test_a_stopped_queue_runs_no_more_actions() -> None:
    timer_queue, rang = TimerQueue(), threading.Event()
    timer_queue.start()
    timer_queue.after(0.05, rang.set)
    timer_queue.stop()

    assert not rang.wait(timeout=0.1)


def _raise() -> None:
    raise RuntimeError("on purpose")
