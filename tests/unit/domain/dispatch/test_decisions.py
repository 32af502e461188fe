"""Examples of the Dispatcher's rules."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.dispatch import decisions
from polysync_core.domain.dispatch.codec import decode_state, encode_state
from polysync_core.domain.dispatch.decisions import on_timer
from polysync_core.domain.dispatch.dispatch_round import RESERVATION_DELAY
from polysync_core.domain.dispatch.state import AGEING, DispatcherState
from polysync_core.domain.runs.identity import RunId
from tests.fakes.builders import NOON
from tests.unit.domain.dispatch.worlds import (
    DEFER,
    REJECT,
    World,
    cap,
    platform,
    rate,
    task,
)


class TestOrder:
    def test_a_run_without_a_limit_starts_at_once(self) -> None:
        world = World()
        assert world.enqueue("a") == ["a"]
        assert not world.waiting()

    def test_a_run_without_a_limit_needs_no_dispatch_round(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = World()
        world.enqueue("first")
        monkeypatch.setattr(decisions, "decide", lambda *_, **__: pytest.fail("a round"))
        assert world.enqueue("a") == ["a"]
        assert world.release("a") == []
        assert list(world.state.leases) == ["first"]

    @pytest.mark.parametrize(
        "limit",
        [
            [cap(1), platform("cap")],
            [cap(1), platform(), task(profiles=("cap",))],
            [rate(1, 1000), platform("rate")],
            [task(max_concurrent_runs=1)],
        ],
        ids=["of the platform", "of the task", "a rate", "of runs"],
    )
    def test_a_limit_applies_although_no_run_waits(self, limit: list[Any]) -> None:
        world = World(*limit)
        assert world.enqueue("a") == ["a"]
        assert world.enqueue("b") == []

    def test_an_unlimited_run_behind_waiting_runs_starts_by_a_round(self) -> None:
        world = World(task("full", max_concurrent_runs=1), task("free"))
        assert world.enqueue("a", "b", task="full") == ["a"]
        assert world.enqueue("c", task="free") == ["c"]
        assert world.release("c") == []
        assert world.release("a") == ["b"]

    def test_a_run_waits_for_its_tasks_limit_and_starts_when_a_lease_is_released(self) -> None:
        world = World(task(max_concurrent_runs=1))
        assert world.enqueue("a", "b") == ["a"]
        assert world.release("a") == ["b"]

    def test_a_full_task_does_not_block_another_task(self) -> None:
        world = World(task("full", max_concurrent_runs=1))
        world.enqueue("a", task="full")
        world.enqueue("b", task="full", priority=900)
        assert world.enqueue("c", task="free") == ["c"]

    def test_the_higher_priority_starts_first(self) -> None:
        world = World(task(max_concurrent_runs=1))
        world.enqueue("a")
        world.enqueue("low", priority=1)
        world.enqueue("high", priority=2)
        assert world.release("a") == ["high"]

    def test_ageing_compensates_for_a_lower_priority(self) -> None:
        world = World(task(max_concurrent_runs=1))
        world.enqueue("a")
        world.enqueue("old", priority=100)
        world.after((AGEING * 11).total_seconds())
        world.enqueue("new", priority=110)
        assert world.release("a") == ["old"]

    def test_a_run_in_back_off_is_skipped_and_a_timer_is_set_for_its_end(self) -> None:
        world = World(task(max_concurrent_runs=1))
        until = NOON + timedelta(seconds=30)
        assert world.enqueue("a", attempt=2, not_before=until) == []
        assert world.enqueue("b", priority=1) == ["b"]
        world.release("b")
        assert world.timer == until
        assert world.fire_timer() == ["a"]

    def test_a_late_release_of_an_earlier_attempt_keeps_the_lease_of_the_next(self) -> None:
        world = World()
        world.enqueue("a", attempt=2)
        world.release("a", attempt=1)
        assert world.state.leases[RunId("a")].attempt == 2

    @pytest.mark.parametrize("repeats", [2, 5])
    def test_a_repeated_message_changes_nothing(self, repeats: int) -> None:
        assert World(task(max_concurrent_runs=2)).enqueue(*["a"] * repeats) == ["a"]


class TestPolicies:
    def test_a_raised_limit_starts_waiting_runs(self) -> None:
        world = World(task(max_concurrent_runs=1))
        world.enqueue(*"abc")
        assert world.update(task(max_concurrent_runs=2, version=1)) == ["b"]

    def test_after_a_limit_is_lowered_no_run_starts_until_enough_runs_have_ended(self) -> None:
        world = World(cap(3), platform("cap"))
        world.enqueue(*"abcd")
        world.update(cap(1, version=1))
        assert world.release("a") == world.release("b") == []
        assert world.release("c") == ["d"]

    def test_the_newest_policy_wins_in_any_order_of_messages(self) -> None:
        world = World(cap(1, version=2), platform("cap"))
        world.enqueue("a", "b")
        world.update(cap(9, version=1))
        assert world.waiting() == ["b"]

    def test_a_newly_linked_profile_applies_to_waiting_runs(self) -> None:
        world = World(task(max_concurrent_runs=1), cap(1))
        world.enqueue("a", "b")
        world.update(platform("cap", version=1), task(max_concurrent_runs=9, version=1))
        assert world.waiting() == ["b"]
        assert world.update(platform(version=2)) == ["b"]

    def test_a_disabled_profile_is_ignored(self) -> None:
        world = World(cap(1, enabled=False), platform("cap"))
        assert world.enqueue("a", "b") == ["a", "b"]

    def test_a_run_waits_until_its_limits_are_known(self) -> None:
        world = World(platform("cap"))
        assert world.enqueue("a") == []
        assert world.update(cap(1)) == ["a"]

    def test_limits_are_taken_together_or_not_at_all(self) -> None:
        world = World(cap(1), rate(5), platform("cap"), task(profiles=("rate",)))
        world.enqueue("a", "b", "c")
        (log,) = world.state.start_logs.values()
        assert log.count == 1

    def test_an_idle_dispatcher_has_an_empty_state(self) -> None:
        world = World(cap(1), rate(1), platform("cap", "rate"))
        world.enqueue("a")
        world.release("a")
        assert not world.state.is_empty
        world.tick(60)
        assert world.state == DispatcherState()


class TestExceedActions:
    def test_the_effect_reject_fails_a_run_at_once(self) -> None:
        world = World(cap(1, exceed_action=REJECT), platform("cap"))
        assert world.enqueue("a", "b") == ["a"]
        assert world.causes() == {"b": "ContentionRejected"}
        assert "1 of 1 slots" in world.failures[0].reason
        assert not world.waiting()

    def test_the_effect_reject_applies_to_waiting_runs_at_once(self) -> None:
        world = World(cap(1), platform("cap"))
        world.enqueue("a", "b")
        world.update(cap(1, exceed_action=REJECT, version=1))
        assert world.causes() == {"b": "ContentionRejected"}

    def test_a_run_that_another_limit_blocks_is_not_rejected(self) -> None:
        world = World(cap(9, exceed_action=REJECT), platform("cap"), task(max_concurrent_runs=1))
        world.enqueue("a", "b")
        assert world.waiting() == ["b"]

    def test_a_full_queue_rejects_the_newest_runs(self) -> None:
        world = World(cap(1, queue_size=2), platform("cap"))
        for name in "abc":
            world.enqueue(name)
            world.after(1)
        world.enqueue("late", priority=900)
        assert world.causes() == {"late": "ContentionRejected"}
        assert world.waiting() == ["b", "c"]

    def test_a_queue_size_of_zero_rejects_every_blocked_run(self) -> None:
        world = World(rate(1, queue_size=0), platform("rate"))
        world.enqueue("a", "b")
        assert world.causes() == {"b": "ContentionRejected"}

    def test_a_run_that_has_waited_too_long_fails_at_the_timer(self) -> None:
        world = World(cap(1, queue_timeout=5_000), platform("cap"))
        world.enqueue("a", "b")
        world.fire_timer()
        assert world.now == NOON + timedelta(seconds=5)
        assert world.causes() == {"b": "QueueTimeout"}

    def test_a_back_off_does_not_count_as_queue_time(self) -> None:
        world = World(cap(1, queue_timeout=5_000), platform("cap"))
        world.enqueue("a")
        world.enqueue("b", attempt=2, not_before=NOON + timedelta(seconds=60))
        world.tick(64)
        assert world.causes() == {}
        world.tick(1)
        assert world.causes() == {"b": "QueueTimeout"}

    def test_a_deferred_run_waits_for_the_next_window_even_if_a_slot_is_free(self) -> None:
        world = World(cap(1, exceed_action=DEFER, window=60_000), platform("cap"))
        world.after(10)
        world.enqueue("a", "b")
        world.after(5)
        assert world.release("a") == []
        assert world.fire_timer() == ["b"]
        assert world.now == NOON + timedelta(minutes=1)

    def test_a_deferred_start_waits_for_the_end_of_the_current_window(self) -> None:
        world = World(rate(1, 10_000, exceed_action=DEFER), platform("rate"))
        world.enqueue("a")
        world.after(3)
        world.enqueue("b")
        assert world.fire_timer() == ["b"]
        assert world.now == NOON + timedelta(seconds=10)

    def test_a_deferral_ends_when_its_exceed_action_is_removed(self) -> None:
        world = World(cap(1, exceed_action=DEFER, window=3_600_000), platform("cap"))
        world.enqueue("a", "b")
        world.release("a")
        assert world.update(cap(1, version=1)) == ["b"]

    def test_slots_reserved_for_a_failed_run_are_free_at_once(self) -> None:
        world = World(
            cap(2), rate(9, queue_timeout=61_000), platform("cap"), task("large", weight=2)
        )
        world.update(cap(2, queue_timeout=61_000, version=1))
        world.enqueue("a")
        world.enqueue("h", task="large", priority=200)
        world.tick(RESERVATION_DELAY.total_seconds())
        assert world.enqueue("b") == []
        assert world.tick(1) == ["b"]
        assert world.causes() == {"h": "QueueTimeout"}


class TestTimer:
    def test_only_the_earliest_timer_is_set(self) -> None:
        world = World(cap(1, queue_timeout=60_000), platform("cap"))
        world.enqueue("a", "b")
        first, world.timer = world.timer, None
        world.after(1)
        world.enqueue("c")
        assert (first, world.timer) == (NOON + timedelta(minutes=1), None)

    def test_an_early_timer_is_re_armed(self) -> None:
        world = World(rate(1, 10_000), platform("rate"))
        world.enqueue("a", "b")
        assert world.timer is not None
        at, world.timer = world.timer, None
        world.now = at - timedelta(milliseconds=1)
        world.do(on_timer(world.state, at, now=world.now))
        assert world.timer == at

    def test_the_minute_tick_replaces_a_lost_timer(self) -> None:
        world = World(rate(1, 10_000), platform("rate"))
        world.enqueue("a", "b", "c")
        world.timer = None
        assert world.tick(60) == ["b"]
        assert world.timer == world.now + timedelta(seconds=10)


def test_the_state_survives_encoding_as_json() -> None:
    world = World(
        cap(1, queue_timeout=90_000), rate(3, leaky=True), platform("cap", "rate"), task(weight=2)
    )
    world.enqueue(*"abc")
    world.enqueue("d", attempt=2, not_before=NOON + timedelta(minutes=1))
    state = world.state
    assert decode_state(json.loads(json.dumps(encode_state(state)))) == state


def test_a_state_with_the_shorter_rows_of_an_older_release_is_read() -> None:
    world = World(task(max_concurrent_runs=1))
    world.enqueue("a", "b")
    stored = json.loads(json.dumps(encode_state(world.state)))
    stored["waiting"] = [row[:9] for row in stored["waiting"]]
    stored["leases"] = [row[:6] for row in stored["leases"]]
    assert decode_state(stored) == world.state
