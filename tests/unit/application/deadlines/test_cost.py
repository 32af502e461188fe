"""Tests of the storage calls of a check: they depend on the due entries alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun
from tests.fakes.expecting import EARLY, Expecting
from tests.fakes.tables import Call

_EXPECT = {"finishedBy": "07:00"}


def calls_of(world: Expecting, do: Callable[[], object]) -> list[str]:
    """Return the storage calls of a step."""
    calls = list[str]()

    def count(call: Call, go: Callable[[], Any]) -> Any:
        calls.append(str(call))
        return go()

    with world.spoiled(count):
        do()
    return calls


def scheduled(world: Expecting) -> TaskRun:
    """Return the newest run of the schedule."""
    return next(run for run in world.runs.page(Listing(task="load-daily")).items if run.schedule)


def prepared(others: int) -> Expecting:
    """Return a world at the deadline of one Task, with other Tasks and former runs."""
    world = Expecting()
    world.at("2026-12-01T01:00:00")
    world.task(EARLY, expect=_EXPECT)
    for number in range(others):
        expect = {"finishedBy": "20:00"}
        world.task(EARLY | {"cron": "0 18 1 6 *"}, name=f"other-{number}", expect=expect)
        world.finish(world.run_once())
    world.at("2026-12-01T04:00:00")
    world.minute()
    world.finish(scheduled(world))
    world.at("2026-12-01T06:00:00")
    world.check()
    return world


@pytest.mark.parametrize("others", [0, 20])
def test_an_idle_check_is_four_short_reads(others: int) -> None:
    world = prepared(others)
    assert len(calls_of(world, world.check)) == 4


@pytest.mark.parametrize("others", [0, 20])
def test_a_deadline_that_was_met_costs_three_reads_and_one_write_more(others: int) -> None:
    world = prepared(others)
    world.at("2026-12-02T04:00:00")
    world.minute()
    world.finish(scheduled(world))
    world.at("2026-12-02T06:00:00")
    calls = calls_of(world, world.check)
    assert len(calls) == 4 + 4, calls


def test_a_missed_deadline_costs_the_same_with_other_tasks() -> None:
    counts = list[int]()
    for others in (0, 20):
        world = prepared(others)
        world.at("2026-12-02T04:00:00")
        world.minute()
        world.at("2026-12-02T06:00:00")
        counts.append(len(calls_of(world, world.check)))
        assert len([each for each in world.events() if each["deadline"] == "Missed"]) == 1
    assert counts[0] == counts[1] <= 30
