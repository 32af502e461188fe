"""Tests that a deadline is reported once: repeated checks, crashes, two hosts, clock jumps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes.expecting import EARLY, Expecting
from tests.fakes.runs import Crash
from tests.fakes.tables import Call

_EXPECT = {"finishedBy": "07:00", "startedWithinSeconds": 600}


@pytest.fixture
def world() -> Expecting:
    world = Expecting()
    world.at("2026-12-01T01:00:00")
    world.task(EARLY, expect=_EXPECT)
    world.until("2026-12-01T04:00:00")
    world.at("2026-12-01T06:00:00")
    return world


def sent(world: Expecting) -> list[str]:
    """Return the ids of all sent events, with repetitions."""
    import json

    messages = [json.loads(each.text) for each in world.app.queue("events").sent]
    return [each["eventId"] for each in messages if "deadline" in each]


def test_a_repeated_check_reports_nothing_again(world: Expecting) -> None:
    for _ in range(3):
        world.minute()
    assert len(sent(world)) == len(set(sent(world))) == 2


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("at", range(1, 26))
def test_a_crash_at_any_storage_call_loses_and_doubles_nothing(
    world: Expecting, at: int, *, done: bool
) -> None:
    calls = 0

    def crash(_: Call, do: Callable[[], Any]) -> Any:
        nonlocal calls
        calls += 1
        if calls == at and done:
            do()
        if calls >= at:
            raise Crash
        return do()

    with world.spoiled(crash):
        world.check()
    world.minute(minutes=1)
    assert [each[:21] for each in world.news()] == [
        "Missed Missing 12-01T",
        "Missed Late 12-01T06:",
    ]
    (run,) = world.made(None)
    assert len(run.missed_deadlines) == 2
    assert len([each for each in run.history if "deadline" in each.reason]) == 2


@pytest.mark.parametrize("at", range(1, 26))
def test_a_second_host_at_any_storage_call_reports_the_same(world: Expecting, at: int) -> None:
    calls = 0

    def intercept(_: Call, do: Callable[[], Any]) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            world.clock.advance(seconds=30)
            world.check()
        return do()

    with world.spoiled(intercept):
        world.check()
    world.minute(minutes=1)
    assert len(world.events()) == 2
    reasons = {(each["eventId"], each["reason"], each["at"]) for each in world.events()}
    assert len(reasons) == 2
    (run,) = world.made(None)
    assert len(run.missed_deadlines) == 2


def test_a_clock_that_jumps_back_repeats_nothing(world: Expecting) -> None:
    world.minute()
    world.clock.advance(hours=-3)
    world.until("2026-12-01T08:00:00")
    assert len(sent(world)) == len(set(sent(world))) == 2


def test_a_clock_that_jumps_forward_reports_each_deadline_once(world: Expecting) -> None:
    world.clock.advance(days=1)
    world.minute()
    world.clock.advance(days=-1)
    world.until("2026-12-02T08:00:00")
    ids = sent(world)
    assert len(ids) == len(set(ids)) == 4
