"""Holds in a Dispatcher: nothing in their scope starts or ends until the release."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.dispatch import decisions
from polysync_core.domain.dispatch.explain import WaitReasonKind, explain
from polysync_core.domain.dispatch.holds import ALL, Hold, hold_name, platform_hold_name
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.runs.identity import RunId
from tests.fakes.builders import NOON
from tests.unit.domain.dispatch.worlds import DEFER, REJECT, World, cap, platform, rate, task

SCOPES = [ALL, hold_name("t"), platform_hold_name("p")]
scopes = pytest.mark.parametrize("scope", SCOPES)


def change(world: World, scope: str, *, is_active: bool, version: int) -> list[str]:
    """Hold or release a scope; return the runs that start."""
    hold = Hold(
        name=scope, version=version, reason="x", by="ann", at=world.now, is_active=is_active
    )
    if scope == ALL or version > 1:
        world.known.add(hold)
    return world.do(
        decisions.update_policies(world.state, PolicySet(holds={scope: hold}), now=world.now)
    )


def hold(world: World, scope: str = ALL, version: int = 1) -> list[str]:
    return change(world, scope, is_active=True, version=version)


def release(world: World, scope: str = ALL, version: int = 2) -> list[str]:
    return change(world, scope, is_active=False, version=version)


@scopes
def test_a_retry_in_its_back_off_waits_for_the_release(scope: str) -> None:
    world = World()
    world.enqueue("a", attempt=2, not_before=NOON + timedelta(seconds=30))
    hold(world, scope)
    assert world.fire_timer() == []
    assert world.tick(3600) == []
    assert release(world, scope) == ["a"]


@scopes
def test_a_release_during_the_back_off_shortens_nothing(scope: str) -> None:
    world = World()
    world.enqueue("a", attempt=2, not_before=NOON + timedelta(seconds=30))
    hold(world, scope)
    assert release(world, scope) == []
    assert world.fire_timer() == ["a"]


@scopes
def test_the_release_starts_the_oldest_run_of_the_highest_priority_first(scope: str) -> None:
    world = World()
    hold(world, scope)
    world.enqueue("old")
    world.after(1)
    world.enqueue("young")
    world.enqueue("urgent", priority=200)
    assert release(world, scope) == ["urgent", "old", "young"]


@scopes
@pytest.mark.parametrize(
    "facts",
    [
        {"queue_timeout": 60_000},
        {"queue_size": 1},
        {"exceed_action": REJECT},
        {"exceed_action": DEFER, "window": 60_000},
    ],
)
def test_no_exceeded_limit_ends_or_defers_a_held_run(scope: str, facts: dict[str, Any]) -> None:
    world = World(cap(1, **facts), platform("cap"))
    world.enqueue("a")
    hold(world, scope)
    world.enqueue("b", "c")
    world.tick(3600)
    assert (world.failures, world.waiting()) == ([], ["b", "c"])
    assert all(entry.deferred_until == 0 for entry in world.state.waiting.values())


@scopes
def test_the_queue_time_out_counts_from_the_release(scope: str) -> None:
    world = World(cap(1, queue_timeout=60_000), platform("cap"))
    world.enqueue("a", "b")
    hold(world, scope)
    world.tick(3600)
    release(world, scope)
    world.tick(59)
    assert world.waiting() == ["b"]
    world.fire_timer()
    assert world.causes() == {"b": "QueueTimeout"}


def test_a_run_that_is_accepted_after_the_release_has_its_own_time_out() -> None:
    world = World(cap(1, queue_timeout=60_000), platform("cap"))
    world.enqueue("a")
    hold(world)
    release(world)
    world.after(30)
    world.enqueue("b")
    world.tick(59)
    assert world.waiting() == ["b"]
    world.tick(1)
    assert world.causes() == {"b": "QueueTimeout"}


def test_a_second_hold_keeps_a_run_after_the_release_of_the_first() -> None:
    world = World()
    hold(world, ALL)
    hold(world, hold_name("t"))
    world.enqueue("a")
    assert release(world, ALL) == []
    assert release(world, hold_name("t")) == ["a"]


def test_a_held_run_reserves_no_slots() -> None:
    world = World(cap(2), platform("cap"), task("large", weight=2))
    hold(world, hold_name("large"))
    world.enqueue("large", task="large", priority=200)
    world.tick(3600)
    assert world.enqueue("small") == ["small"]


def test_a_held_run_uses_no_start_of_a_rate_and_blocks_no_other_run() -> None:
    world = World(rate(1), platform("rate"))
    hold(world, hold_name("t"))
    world.enqueue("a", priority=500)
    assert world.enqueue("b", task="other") == ["b"]


@scopes
def test_a_cancelled_run_leaves_the_queue_although_it_is_held(scope: str) -> None:
    world = World()
    hold(world, scope)
    world.enqueue("a", "b")
    world.release("a")
    assert world.waiting() == ["b"]
    assert release(world, scope) == ["b"]


@scopes
def test_the_hold_is_the_first_reason_and_tells_how_it_ends(scope: str) -> None:
    world = World(cap(1), platform("cap"), task(max_concurrent_runs=1))
    world.enqueue("a", "b")
    hold(world, scope)
    found = explain(world.state, RunId("b"), now=world.now)
    assert found is not None
    assert found.reasons[0].kind is WaitReasonKind.HELD
    assert found.next_possible is None


@scopes
def test_a_hold_outlasts_the_runs_of_its_scope(scope: str) -> None:
    """A process with older limits in its cache sends the next run without the hold."""
    world = World()
    world.enqueue("a")
    hold(world, scope)
    world.release("a")
    assert world.state.policies.holds[scope].is_active
    assert not world.state.is_empty
    stale = PolicySet(tasks=world.known.tasks, platforms=world.known.platforms)
    world.known = stale
    assert world.enqueue("b") == []


@scopes
def test_a_released_hold_leaves_an_idle_dispatcher_empty(scope: str) -> None:
    world = World()
    hold(world, scope)
    release(world, scope)
    assert world.state.is_empty


def test_a_hold_survives_unknown_limits() -> None:
    """The definitions of a Task may arrive later than its runs and its hold."""
    world = World(platform("cap"))
    world.enqueue("a")
    hold(world, hold_name("t"))
    assert world.update(cap(1)) == []
    assert world.waiting() == ["a"]
