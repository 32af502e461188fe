"""Explanations of waiting runs and of the usage of a profile."""

from __future__ import annotations

from datetime import timedelta

from polysync_core.domain.dispatch.explain import Explanation, WaitReasonKind, explain, usage
from polysync_core.domain.runs.identity import RunId
from tests.fakes.builders import NOON
from tests.unit.domain.dispatch.worlds import DEFER, World, cap, platform, rate, task


def explained(world: World, name: str) -> Explanation:
    found = explain(world.state, RunId(name), now=world.now)
    assert found is not None
    return found


def test_every_limit_that_blocks_a_run_is_named_with_its_holders() -> None:
    world = World(cap(2), platform("cap"), task(max_concurrent_runs=2))
    world.enqueue("a", "b", "c", "d")
    found = explained(world, "d")
    assert [reason.kind for reason in found.reasons] == [
        WaitReasonKind.CONCURRENCY,
        WaitReasonKind.MAX_CONCURRENT_RUNS,
    ]
    slots = found.reasons[0]
    assert (slots.profile, slots.scope, slots.used, slots.limit) == ("cap", "p", 2, 2)
    assert [lease.run_id for lease in slots.holders] == ["a", "b"]
    assert "held by t (a), t (b)" in slots.sentence
    assert (found.position, found.next_possible) == (2, None)


def test_only_runs_with_the_same_limits_count_for_the_position() -> None:
    world = World(task("x", max_concurrent_runs=1), task("y", max_concurrent_runs=1))
    world.enqueue("a", "b", task="x")
    world.enqueue("c", "d", task="y")
    assert explained(world, "d").position == 1


def test_a_rate_limit_gives_the_earliest_start_of_a_run() -> None:
    world = World(rate(2, 10_000), platform("rate"))
    world.enqueue(*"abcdef")
    assert explained(world, "c").next_possible == NOON + timedelta(seconds=10)
    assert explained(world, "f").next_possible == NOON + timedelta(seconds=20)


def test_a_back_off_has_a_known_end() -> None:
    world = World()
    until = NOON + timedelta(seconds=30)
    world.enqueue("a", attempt=2, not_before=until)
    found = explained(world, "a")
    assert [(reason.kind, reason.until) for reason in found.reasons] == [
        (WaitReasonKind.BACK_OFF, until)
    ]
    assert (found.position, found.next_possible) == (None, until)


def test_a_deferral_ends_at_the_next_window() -> None:
    world = World(cap(1, exceed_action=DEFER, window=60_000), platform("cap"))
    world.after(1)
    world.enqueue("a", "b")
    found = explained(world, "b")
    assert found.next_possible == NOON + timedelta(minutes=1)
    assert "next window" in found.reasons[0].sentence


def test_reserved_slots_name_the_run_of_the_reservation() -> None:
    world = World(cap(2), platform("cap"), task("large", weight=2))
    world.enqueue("a")
    world.enqueue("h", task="large", priority=200)
    world.tick(60)
    world.enqueue("b")
    assert explained(world, "b").reasons[0].reserved_for == "h"
    assert "this run needs 2" in explained(world, "h").reasons[0].sentence


def test_a_run_waits_for_limits_that_are_not_known_yet() -> None:
    world = World(platform("cap"))
    world.enqueue("a")
    assert [reason.kind for reason in explained(world, "a").reasons] == [
        WaitReasonKind.LIMITS_UNKNOWN
    ]


def test_an_unknown_run_has_no_explanation() -> None:
    assert explain(World().state, RunId("a"), now=NOON) is None


def test_usage_has_holders_and_queue_for_each_platform() -> None:
    world = World(cap(1), platform("cap"), platform("cap", name="q"))
    world.enqueue("a", "b")
    world.enqueue("c", platform="q")
    counters = usage(world.state, {"cap"}, world.known, now=world.now)
    assert [(each.scope, each.used, len(each.queue)) for each in counters] == [
        ("p", 1, 1),
        ("q", 1, 0),
    ]


def test_usage_includes_an_open_window_after_all_runs_have_ended() -> None:
    world = World(rate(1, 10_000), platform("rate"))
    world.enqueue("a")
    world.release("a")
    world.after(4)
    (counter,) = usage(world.state, {"rate"}, world.known, now=world.now)
    assert (counter.used, counter.next_start) == (1, NOON + timedelta(seconds=10))


def test_a_backfill_that_is_full_is_named() -> None:
    world = World()
    world.enqueue("a", "b", backfill_id="b7", backfill_limit=1)
    (reason,) = explained(world, "b").reasons
    assert (reason.kind, reason.scope, reason.used, reason.limit) == (
        WaitReasonKind.BACKFILL,
        "b7",
        1,
        1,
    )
    assert reason.sentence == (
        "Maximum of 1 concurrent runs of backfill 'b7': 1 of 1 slots are in use, held by t (a)."
    )


def test_one_pass_gives_the_usage_of_several_profiles() -> None:
    world = World(cap(1), rate(1, 10_000), platform("cap", "rate"))
    world.enqueue("a", "b", "c")
    counters = usage(world.state, {"cap", "rate", "unknown"}, world.known, now=world.now)
    assert [(each.profile, each.scope, each.used) for each in counters] == [
        ("cap", "p", 1),
        ("rate", "p", 1),
    ]
    for each in counters:
        assert [entry.run_id for entry in each.queue] == ["b", "c"]
    assert [lease.run_id for lease in counters[0].holders] == ["a"]
    assert counters[1].holders == ()
