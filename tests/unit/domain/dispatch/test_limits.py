"""Examples of the Dispatcher's limits: concurrency, rates and backfills."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polysync_core.domain.dispatch.decisions import restore_lease
from polysync_core.domain.dispatch.dispatch_round import RESERVATION_DELAY
from polysync_core.domain.dispatch.state import Lease
from polysync_core.domain.runs.identity import RunId
from tests.fakes.builders import NOON
from tests.unit.domain.dispatch.worlds import (
    World,
    cap,
    platform,
    rate,
    task,
)


class TestConcurrency:
    def test_each_platform_is_counted_separately_unless_the_profile_is_global(self) -> None:
        for is_global, started in ((False, ["a", "b"]), (True, ["a"])):
            world = World(
                cap(1, is_global=is_global), platform("cap", name="p"), platform("cap", name="q")
            )
            assert world.enqueue("a", platform="p") + world.enqueue("b", platform="q") == started

    def test_a_multi_slot_run_uses_several_slots(self) -> None:
        world = World(cap(4), platform("cap"), task("large", weight=3))
        assert world.enqueue("h", task="large") == ["h"]
        assert world.enqueue("a", "b") == ["a"]

    def test_a_run_with_a_weight_above_all_slots_uses_all_slots(self) -> None:
        world = World(cap(2), platform("cap"), task("large", weight=9))
        assert world.enqueue("h", task="large") == ["h"]
        assert world.enqueue("a") == []
        assert world.release("h") == ["a"]

    def test_single_slot_runs_do_not_starve_a_multi_slot_run(self) -> None:
        world = World(cap(2), platform("cap"), task("large", weight=2))
        world.enqueue("a", "b")
        world.enqueue("h", task="large", priority=200)
        world.enqueue("c", "d")
        assert world.release("a") == ["c"], "at first, free slots go to runs that fit"
        world.tick(RESERVATION_DELAY.total_seconds())
        assert world.release("b") == [], "later, free slots are reserved"
        assert world.release("c") == ["h"]

    def test_no_slots_are_reserved_for_a_run_that_its_task_limit_blocks(self) -> None:
        world = World(cap(4), platform("cap"), task("large", weight=2, max_concurrent_runs=1))
        world.enqueue("h", "i", task="large", priority=200)
        world.tick(RESERVATION_DELAY.total_seconds())
        assert world.enqueue("a", "b") == ["a", "b"]

    def test_a_restored_lease_counts_against_the_limit(self) -> None:
        world = World(cap(1), platform("cap"))
        lease = Lease(run_id=RunId("a"), attempt=1, task="t", platform="p", granted_at=NOON)
        restore_lease(world.state, lease, now=NOON)
        assert world.enqueue("b") == []


class TestRate:
    def test_a_full_window_permits_the_next_start_when_its_oldest_start_has_left_it(self) -> None:
        world = World(rate(2, 10_000), platform("rate"))
        world.enqueue("a")
        world.after(4)
        assert world.enqueue("b", "c", "d") == ["b"]
        assert world.fire_timer() == ["c"]
        assert world.now == NOON + timedelta(seconds=10)
        assert world.fire_timer() == ["d"]
        assert world.now == NOON + timedelta(seconds=14)

    def test_a_full_bucket_does_not_permit_twice_the_limit_in_one_window(self) -> None:
        world = World(rate(2, 10_000), platform("rate"))
        assert world.enqueue(*"abcd") == ["a", "b"]
        assert world.tick(9.999) == []
        assert world.tick(0.001) == ["c", "d"]

    def test_a_leaky_bucket_spaces_starts_evenly(self) -> None:
        world = World(rate(4, 10_000, leaky=True), platform("rate"))
        assert world.enqueue(*"abcde") == ["a"]
        for number, name in enumerate("bcde", start=1):
            assert world.fire_timer() == [name]
            assert world.now == NOON + timedelta(seconds=2.5) * number

    def test_a_late_timer_does_not_reduce_the_rate(self) -> None:
        world = World(rate(4, 10_000, leaky=True), platform("rate"))
        world.enqueue(*"abc")
        assert world.tick(2.9) == ["b"]
        assert world.fire_timer() == ["c"]
        assert world.now == NOON + timedelta(seconds=5)

    def test_a_burst_is_the_number_of_starts_at_once(self) -> None:
        world = World(rate(4, 8_000, burst=2), platform("rate"))
        assert world.enqueue(*"abcd") == ["a", "b"]
        assert world.fire_timer() == ["c"]
        assert world.now == NOON + timedelta(seconds=2)

    def test_the_bucket_can_be_refilled_at_intervals(self) -> None:
        world = World(rate(4, 8_000, burst=2, refill=4_000), platform("rate"))
        assert world.enqueue(*"abcd") == ["a", "b"]
        assert world.fire_timer() == ["c", "d"]
        assert world.now == NOON + timedelta(seconds=4)

    def test_after_the_clock_is_set_back_starts_count_longer_but_not_for_ever(self) -> None:
        world = World(rate(1, 10_000), platform("rate"))
        world.enqueue("a", "b")
        world.after(-3600)
        assert world.tick() == []
        assert world.tick(9.999) == []
        assert world.tick(0.001) == ["b"]

    def test_after_the_clock_is_set_back_no_log_entry_stays_in_the_future(self) -> None:
        """Found by the state machine: no event would have expired the window again."""
        world = World(rate(1, 10_000), platform("rate"))
        world.enqueue("a")
        world.release("a")
        world.tick(-3600)
        world.tick(11)
        assert world.state.is_empty

    def test_a_lowered_limit_counts_earlier_starts(self) -> None:
        world = World(rate(9, 10_000), platform("rate"))
        world.enqueue(*"abcd")
        world.update(rate(2, 10_000, version=1))
        assert world.enqueue("e") == []
        world.after(9)
        assert world.tick(1) == ["e"]

    @pytest.mark.slow
    def test_many_starts_are_logged_in_few_entries(self) -> None:
        world = World(rate(100_000, 60_000), platform("rate"))
        for number in range(3_000):
            world.now += timedelta(milliseconds=7)
            world.enqueue(str(number))
        (log,) = world.state.start_logs.values()
        assert (len(log.starts) <= 513, log.count) == (True, 3_000)


class TestBackfill:
    def test_the_limit_of_a_backfill_is_kept(self) -> None:
        world = World()
        assert world.enqueue(*"abc", backfill_id="may", backfill_limit=2) == ["a", "b"]
        assert world.release("a") == ["c"]

    def test_the_limit_of_a_backfill_does_not_block_other_runs_of_the_task(self) -> None:
        world = World(task(max_concurrent_runs=3))
        world.enqueue("a", "b", backfill_id="may", backfill_limit=1, priority=0)
        assert world.enqueue("c", backfill_id="june", backfill_limit=1) == ["c"]
        assert world.enqueue("live") == ["live"]

    def test_the_limit_of_a_backfill_counts_all_attempts(self) -> None:
        world = World()
        world.enqueue("a", "b", backfill_id="may", backfill_limit=1)
        assert world.enqueue("a", attempt=2, backfill_id="may", backfill_limit=1) == ["a"]
        assert world.waiting() == ["b"]

    def test_a_restored_lease_counts_against_the_limit_of_a_backfill(self) -> None:
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
        world.do(restore_lease(world.state, lease, now=world.now))
        assert world.enqueue("b", backfill_id="may", backfill_limit=1) == []
