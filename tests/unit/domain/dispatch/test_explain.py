"""Why a run waits, and how a profile is used."""

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


def test_every_limit_that_holds_a_run_back_is_named_with_its_holders() -> None:
    world = World(cap(2), platform("cap"), task(max_concurrent_runs=2))
    world.ask("a", "b", "c", "d")
    found = explained(world, "d")
    assert [hold.kind for hold in found.holds] == [
        WaitReasonKind.CONCURRENCY,
        WaitReasonKind.MAX_CONCURRENT_RUNS,
    ]
    slots = found.holds[0]
    assert (slots.profile, slots.scope, slots.used, slots.limit) == ("cap", "p", 2, 2)
    assert [lease.run_id for lease in slots.holders] == ["a", "b"]
    assert "held by a, b" in slots.sentence
    assert (found.position, found.next_possible) == (2, None)


def test_only_those_that_want_the_same_count_for_the_position() -> None:
    world = World(task("x", max_concurrent_runs=1), task("y", max_concurrent_runs=1))
    world.ask("a", "b", task="x")
    world.ask("c", "d", task="y")
    assert explained(world, "d").position == 1


def test_a_rate_tells_when_the_turn_of_a_run_comes() -> None:
    world = World(rate(2, 10_000), platform("rate"))
    world.ask(*"abcdef")
    assert explained(world, "c").next_possible == NOON + timedelta(seconds=10)
    assert explained(world, "f").next_possible == NOON + timedelta(seconds=20)


def test_a_back_off_tells_its_end() -> None:
    world = World()
    until = NOON + timedelta(seconds=30)
    world.ask("a", attempt=2, not_before=until)
    found = explained(world, "a")
    assert [(hold.kind, hold.until) for hold in found.holds] == [(WaitReasonKind.BACK_OFF, until)]
    assert (found.position, found.next_possible) == (None, until)


def test_a_deferral_tells_its_window() -> None:
    world = World(cap(1, action=DEFER, window=60_000), platform("cap"))
    world.after(1)
    world.ask("a", "b")
    found = explained(world, "b")
    assert found.next_possible == NOON + timedelta(minutes=1)
    assert "next window" in found.holds[0].sentence


def test_slots_that_are_kept_are_told_with_the_run_they_are_kept_for() -> None:
    world = World(cap(2), platform("cap"), task("heavy", weight=2))
    world.ask("a")
    world.ask("h", task="heavy", priority=200)
    world.tick(60)
    world.ask("b")
    assert explained(world, "b").holds[0].kept_for == "h"
    assert "this run needs 2" in explained(world, "h").holds[0].sentence


def test_a_run_waits_for_limits_that_are_not_known_yet() -> None:
    world = World(platform("cap"))
    world.ask("a")
    assert [hold.kind for hold in explained(world, "a").holds] == [WaitReasonKind.LIMITS_UNKNOWN]


def test_what_the_dispatcher_does_not_know_is_not_explained() -> None:
    assert explain(World().state, RunId("a"), now=NOON) is None


def test_usage_tells_holders_and_queue_for_each_platform() -> None:
    world = World(cap(1), platform("cap"), platform("cap", name="q"))
    world.ask("a", "b")
    world.ask("c", platform="q")
    counters = list(usage(world.state, "cap", world.known, now=world.now))
    assert [(each.scope, each.used, len(each.queue)) for each in counters] == [
        ("p", 1, 1),
        ("q", 1, 0),
    ]


def test_usage_tells_of_a_window_although_nothing_runs_any_more() -> None:
    world = World(rate(1, 10_000), platform("rate"))
    world.ask("a")
    world.end("a")
    world.after(4)
    (counter,) = usage(world.state, "rate", world.known, now=world.now)
    assert (counter.used, counter.next_start) == (1, NOON + timedelta(seconds=10))


def test_a_backfill_that_is_full_is_named() -> None:
    world = World()
    world.ask("a", "b", backfill_id="b7", backfill_limit=1)
    (hold,) = explained(world, "b").holds
    assert (hold.kind, hold.scope, hold.used, hold.limit) == (WaitReasonKind.BACKFILL, "b7", 1, 1)
    assert hold.sentence == ("Backfill 'b7' allows 1 at once: 1 of 1 slots are taken, held by a.")
