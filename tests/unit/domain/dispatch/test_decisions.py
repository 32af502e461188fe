"""The Dispatcher's rules, by example."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from polysync_core.domain.dispatch.codec import decode_state, encode_state
from polysync_core.domain.dispatch.decisions import adopt, ring
from polysync_core.domain.dispatch.dispatch_round import KEEPING
from polysync_core.domain.dispatch.state import AGEING, DispatcherState, Lease
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
        assert world.ask("a") == ["a"]
        assert not world.waiting()

    def test_a_run_waits_for_its_tasks_limit_and_starts_when_a_lease_is_released(self) -> None:
        world = World(task(max_concurrent_runs=1))
        assert world.ask("a", "b") == ["a"]
        assert world.end("a") == ["b"]

    def test_a_full_task_does_not_hold_back_another(self) -> None:
        world = World(task("full", max_concurrent_runs=1))
        world.ask("a", task="full")
        world.ask("b", task="full", priority=900)
        assert world.ask("c", task="free") == ["c"]

    def test_the_higher_priority_starts_first(self) -> None:
        world = World(task(max_concurrent_runs=1))
        world.ask("a")
        world.ask("low", priority=1)
        world.ask("high", priority=2)
        assert world.end("a") == ["high"]

    def test_waiting_long_enough_makes_up_for_a_lower_priority(self) -> None:
        world = World(task(max_concurrent_runs=1))
        world.ask("a")
        world.ask("old", priority=100)
        world.after((AGEING * 11).total_seconds())
        world.ask("new", priority=110)
        assert world.end("a") == ["old"]

    def test_a_run_in_back_off_is_passed_over_and_rung_for(self) -> None:
        world = World(task(max_concurrent_runs=1))
        until = NOON + timedelta(seconds=30)
        assert world.ask("a", attempt=2, not_before=until) == []
        assert world.ask("b", priority=1) == ["b"]
        world.end("b")
        assert world.alarm == until
        assert world.ring() == ["a"]

    def test_a_late_release_of_an_earlier_attempt_keeps_the_lease_of_the_next(self) -> None:
        world = World()
        world.ask("a", attempt=2)
        world.end("a", attempt=1)
        assert world.state.leases[RunId("a")].attempt == 2

    @pytest.mark.parametrize("repeats", [2, 5])
    def test_a_message_that_comes_again_changes_nothing(self, repeats: int) -> None:
        assert World(task(max_concurrent_runs=2)).ask(*["a"] * repeats) == ["a"]


class TestPolicies:
    def test_a_raised_limit_starts_what_waits(self) -> None:
        world = World(task(max_concurrent_runs=1))
        world.ask(*"abc")
        assert world.tell(task(max_concurrent_runs=2, version=1)) == ["b"]

    def test_lowering_a_limit_below_what_runs_starts_nothing_until_it_fits(self) -> None:
        world = World(cap(3), platform("cap"))
        world.ask(*"abcd")
        world.tell(cap(1, version=1))
        assert world.end("a") == world.end("b") == []
        assert world.end("c") == ["d"]

    def test_the_newest_policy_wins_whatever_the_order_of_messages(self) -> None:
        world = World(cap(1, version=2), platform("cap"))
        world.ask("a", "b")
        world.tell(cap(9, version=1))
        assert world.waiting() == ["b"]

    def test_linking_a_profile_applies_to_what_waits(self) -> None:
        world = World(task(max_concurrent_runs=1), cap(1))
        world.ask("a", "b")
        world.tell(platform("cap", version=1), task(max_concurrent_runs=9, version=1))
        assert world.waiting() == ["b"]
        assert world.tell(platform(version=2)) == ["b"]

    def test_a_disabled_profile_is_ignored(self) -> None:
        world = World(cap(1, enabled=False), platform("cap"))
        assert world.ask("a", "b") == ["a", "b"]

    def test_a_run_waits_for_limits_that_nobody_has_told_yet(self) -> None:
        world = World(platform("cap"))
        assert world.ask("a") == []
        assert world.tell(cap(1)) == ["a"]

    def test_limits_are_taken_together_or_not_at_all(self) -> None:
        world = World(cap(1), rate(5), platform("cap"), task(profiles=("rate",)))
        world.ask("a", "b", "c")
        (log,) = world.state.logs.values()
        assert log.count == 1

    def test_everything_is_forgotten_in_the_end(self) -> None:
        world = World(cap(1), rate(1), platform("cap", "rate"))
        world.ask("a")
        world.end("a")
        assert not world.state.is_empty
        world.tick(60)
        assert world.state == DispatcherState()


class TestConcurrency:
    def test_each_platform_counts_for_itself_unless_the_profile_is_global(self) -> None:
        for shared, started in ((False, ["a", "b"]), (True, ["a"])):
            world = World(
                cap(1, shared=shared), platform("cap", name="p"), platform("cap", name="q")
            )
            assert world.ask("a", platform="p") + world.ask("b", platform="q") == started

    def test_a_heavy_run_takes_several_slots(self) -> None:
        world = World(cap(4), platform("cap"), task("heavy", weight=3))
        assert world.ask("h", task="heavy") == ["h"]
        assert world.ask("a", "b") == ["a"]

    def test_a_run_heavier_than_all_slots_takes_all(self) -> None:
        world = World(cap(2), platform("cap"), task("heavy", weight=9))
        assert world.ask("h", task="heavy") == ["h"]
        assert world.ask("a") == []
        assert world.end("h") == ["a"]

    def test_a_heavy_run_does_not_starve_behind_light_ones(self) -> None:
        world = World(cap(2), platform("cap"), task("heavy", weight=2))
        world.ask("a", "b")
        world.ask("h", task="heavy", priority=200)
        world.ask("c", "d")
        assert world.end("a") == ["c"], "at first, slots go to those that fit"
        world.tick(KEEPING.total_seconds())
        assert world.end("b") == [], "after a while they are kept"
        assert world.end("c") == ["h"]

    def test_no_slots_are_kept_for_a_run_that_its_own_task_holds_back(self) -> None:
        world = World(cap(4), platform("cap"), task("heavy", weight=2, max_concurrent_runs=1))
        world.ask("h", "i", task="heavy", priority=200)
        world.tick(KEEPING.total_seconds())
        assert world.ask("a", "b") == ["a", "b"]

    def test_an_adopted_run_counts_against_the_limit(self) -> None:
        world = World(cap(1), platform("cap"))
        lease = Lease(run_id=RunId("a"), attempt=1, task="t", platform="p", granted_at=NOON)
        adopt(world.state, lease, now=NOON)
        assert world.ask("b") == []


class TestRate:
    def test_a_full_window_starts_nothing_until_its_first_start_is_out_of_it(self) -> None:
        world = World(rate(2, 10_000), platform("rate"))
        world.ask("a")
        world.after(4)
        assert world.ask("b", "c", "d") == ["b"]
        assert world.ring() == ["c"]
        assert world.now == NOON + timedelta(seconds=10)
        assert world.ring() == ["d"]
        assert world.now == NOON + timedelta(seconds=14)

    def test_a_bucket_that_has_filled_up_does_not_let_twice_as_many_through(self) -> None:
        world = World(rate(2, 10_000), platform("rate"))
        assert world.ask(*"abcd") == ["a", "b"]
        assert world.tick(9.999) == []
        assert world.tick(0.001) == ["c", "d"]

    def test_a_leaky_bucket_spaces_starts_evenly(self) -> None:
        world = World(rate(4, 10_000, leaky=True), platform("rate"))
        assert world.ask(*"abcde") == ["a"]
        for number, name in enumerate("bcde", start=1):
            assert world.ring() == [name]
            assert world.now == NOON + timedelta(seconds=2.5) * number

    def test_a_late_alarm_does_not_slow_down_the_starts_after_it(self) -> None:
        world = World(rate(4, 10_000, leaky=True), platform("rate"))
        world.ask(*"abc")
        assert world.tick(2.9) == ["b"]
        assert world.ring() == ["c"]
        assert world.now == NOON + timedelta(seconds=5)

    def test_a_burst_is_what_may_start_at_once(self) -> None:
        world = World(rate(4, 8_000, burst=2), platform("rate"))
        assert world.ask(*"abcd") == ["a", "b"]
        assert world.ring() == ["c"]
        assert world.now == NOON + timedelta(seconds=2)

    def test_tokens_may_come_back_in_steps(self) -> None:
        world = World(rate(4, 8_000, burst=2, refill=4_000), platform("rate"))
        assert world.ask(*"abcd") == ["a", "b"]
        assert world.ring() == ["c", "d"]
        assert world.now == NOON + timedelta(seconds=4)

    def test_a_clock_that_is_set_back_makes_starts_count_longer_but_not_for_ever(self) -> None:
        world = World(rate(1, 10_000), platform("rate"))
        world.ask("a", "b")
        world.after(-3600)
        assert world.tick() == []
        assert world.tick(9.999) == []
        assert world.tick(0.001) == ["b"]

    def test_a_clock_that_is_set_back_leaves_no_memory_of_the_future_behind(self) -> None:
        """Found by the state machine: nobody was left who would look at the window again."""
        world = World(rate(1, 10_000), platform("rate"))
        world.ask("a")
        world.end("a")
        world.tick(-3600)
        world.tick(11)
        assert world.state.is_empty

    def test_a_lower_limit_counts_what_has_started_already(self) -> None:
        world = World(rate(9, 10_000), platform("rate"))
        world.ask(*"abcd")
        world.tell(rate(2, 10_000, version=1))
        assert world.ask("e") == []
        world.after(9)
        assert world.tick(1) == ["e"]

    @pytest.mark.slow
    def test_many_starts_are_remembered_in_few_entries(self) -> None:
        world = World(rate(100_000, 60_000), platform("rate"))
        for number in range(3_000):
            world.now += timedelta(milliseconds=7)
            world.ask(str(number))
        (log,) = world.state.logs.values()
        assert (len(log.starts) <= 513, log.count) == (True, 3_000)


class TestExceedActions:
    def test_reject_fails_a_run_at_once(self) -> None:
        world = World(cap(1, action=REJECT), platform("cap"))
        assert world.ask("a", "b") == ["a"]
        assert world.causes() == {"b": "ContentionRejected"}
        assert "1 of 1 slots" in world.failures[0].reason
        assert not world.waiting()

    def test_reject_applies_to_what_waits_as_soon_as_it_is_set(self) -> None:
        world = World(cap(1), platform("cap"))
        world.ask("a", "b")
        world.tell(cap(1, action=REJECT, version=1))
        assert world.causes() == {"b": "ContentionRejected"}

    def test_a_run_that_is_held_back_by_another_limit_is_not_rejected(self) -> None:
        world = World(cap(9, action=REJECT), platform("cap"), task(max_concurrent_runs=1))
        world.ask("a", "b")
        assert world.waiting() == ["b"]

    def test_a_full_queue_rejects_those_that_came_last(self) -> None:
        world = World(cap(1, queue_size=2), platform("cap"))
        for name in "abc":
            world.ask(name)
            world.after(1)
        world.ask("late", priority=900)
        assert world.causes() == {"late": "ContentionRejected"}
        assert world.waiting() == ["b", "c"]

    def test_a_queue_of_none_is_a_rejection(self) -> None:
        world = World(rate(1, queue_size=0), platform("rate"))
        world.ask("a", "b")
        assert world.causes() == {"b": "ContentionRejected"}

    def test_a_run_that_has_waited_too_long_fails_when_the_alarm_rings(self) -> None:
        world = World(cap(1, queue_timeout=5_000), platform("cap"))
        world.ask("a", "b")
        world.ring()
        assert world.now == NOON + timedelta(seconds=5)
        assert world.causes() == {"b": "QueueTimeout"}

    def test_a_back_off_is_not_time_spent_in_the_queue(self) -> None:
        world = World(cap(1, queue_timeout=5_000), platform("cap"))
        world.ask("a")
        world.ask("b", attempt=2, not_before=NOON + timedelta(seconds=60))
        world.tick(64)
        assert world.causes() == {}
        world.tick(1)
        assert world.causes() == {"b": "QueueTimeout"}

    def test_a_deferred_run_waits_for_the_boundary_although_a_slot_is_free(self) -> None:
        world = World(cap(1, action=DEFER, window=60_000), platform("cap"))
        world.after(10)
        world.ask("a", "b")
        world.after(5)
        assert world.end("a") == []
        assert world.ring() == ["b"]
        assert world.now == NOON + timedelta(minutes=1)

    def test_a_deferred_start_waits_for_the_end_of_the_window_under_way(self) -> None:
        world = World(rate(1, 10_000, action=DEFER), platform("rate"))
        world.ask("a")
        world.after(3)
        world.ask("b")
        assert world.ring() == ["b"]
        assert world.now == NOON + timedelta(seconds=10)

    def test_a_deferral_ends_with_the_rule_that_made_it(self) -> None:
        world = World(cap(1, action=DEFER, window=3_600_000), platform("cap"))
        world.ask("a", "b")
        world.end("a")
        assert world.tell(cap(1, version=1)) == ["b"]

    def test_slots_kept_for_a_run_that_fails_go_to_the_next_at_once(self) -> None:
        world = World(
            cap(2), rate(9, queue_timeout=61_000), platform("cap"), task("heavy", weight=2)
        )
        world.tell(cap(2, queue_timeout=61_000, version=1))
        world.ask("a")
        world.ask("h", task="heavy", priority=200)
        world.tick(KEEPING.total_seconds())
        assert world.ask("b") == []
        assert world.tick(1) == ["b"]
        assert world.causes() == {"h": "QueueTimeout"}


class TestAlarm:
    def test_only_the_earliest_is_set(self) -> None:
        world = World(cap(1, queue_timeout=60_000), platform("cap"))
        world.ask("a", "b")
        first, world.alarm = world.alarm, None
        world.after(1)
        world.ask("c")
        assert (first, world.alarm) == (NOON + timedelta(minutes=1), None)

    def test_one_that_comes_early_is_set_again(self) -> None:
        world = World(rate(1, 10_000), platform("rate"))
        world.ask("a", "b")
        assert world.alarm is not None
        at, world.alarm = world.alarm, None
        world.now = at - timedelta(milliseconds=1)
        world.do(ring(world.state, at, now=world.now))
        assert world.alarm == at

    def test_one_that_was_lost_is_made_good_by_the_tick(self) -> None:
        world = World(rate(1, 10_000), platform("rate"))
        world.ask("a", "b", "c")
        world.alarm = None
        assert world.tick(60) == ["b"]
        assert world.alarm == world.now + timedelta(seconds=10)


def test_the_state_is_stored_as_plain_json_and_read_as_it_was() -> None:
    world = World(
        cap(1, queue_timeout=90_000), rate(3, leaky=True), platform("cap", "rate"), task(weight=2)
    )
    world.ask(*"abc")
    world.ask("d", attempt=2, not_before=NOON + timedelta(minutes=1))
    state = world.state
    assert decode_state(json.loads(json.dumps(encode_state(state)))) == state


def test_a_state_of_an_older_release_is_read() -> None:
    world = World(task(max_concurrent_runs=1))
    world.ask("a", "b")
    stored = json.loads(json.dumps(encode_state(world.state)))
    stored["queue"] = [row[:9] for row in stored["queue"]]
    stored["held"] = [row[:6] for row in stored["held"]]
    assert decode_state(stored) == world.state


class TestBackfill:
    def test_no_more_of_its_runs_start_than_it_allows(self) -> None:
        world = World()
        assert world.ask(*"abc", backfill_id="may", backfill_limit=2) == ["a", "b"]
        assert world.end("a") == ["c"]

    def test_it_holds_nobody_else_of_its_task_back(self) -> None:
        world = World(task(max_concurrent_runs=3))
        world.ask("a", "b", backfill_id="may", backfill_limit=1, priority=0)
        assert world.ask("c", backfill_id="june", backfill_limit=1) == ["c"]
        assert world.ask("live") == ["live"]

    def test_it_counts_across_attempts(self) -> None:
        world = World()
        world.ask("a", "b", backfill_id="may", backfill_limit=1)
        assert world.ask("a", attempt=2, backfill_id="may", backfill_limit=1) == ["a"]
        assert world.waiting() == ["b"]

    def test_a_run_that_is_adopted_counts(self) -> None:
        world = World()
        lease = Lease(
            run_id=RunId("a"),
            attempt=1,
            task="t",
            platform="p",
            granted_at=NOON,
            backfill_id="may",
            backfill_limit=1,
        )
        world.do(adopt(world.state, lease, now=world.now))
        assert world.ask("b", backfill_id="may", backfill_limit=1) == []
