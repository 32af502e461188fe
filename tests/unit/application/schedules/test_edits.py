"""Tests that an edit, a disable, a pause or a removal loses no fire time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.skip import SkipKind
from tests.fakes.scheduled import Scheduled

NOONISH = {"name": "noonish", "cron": "10 12 * * *"}
"""Ten minutes after the clock of the world starts."""
JITTERED = NOONISH | {"jitterSeconds": 3600}

type Change = Callable[[Scheduled, dict[str, Any]], None]
"""Changes a Task that has the given schedule."""


@pytest.fixture
def world() -> Scheduled:
    return Scheduled()


def changed(**fields: Any) -> Change:
    return lambda world, schedule: world.task(schedule | fields)


def only(world: Scheduled) -> TaskRun:
    (run,) = world.made()
    return run


def reason_of(run: TaskRun) -> str:
    assert run.status is RunStatus.SKIPPED
    assert run.skip is not None
    assert run.skip.kind is SkipKind.SCHEDULE_CHANGED
    return run.reason


KEEPING = [
    pytest.param(changed(parameters={"mode": "b"}), id="parameters"),
    pytest.param(changed(description="Often."), id="description"),
    pytest.param(changed(overlap="Skip"), id="overlap"),
    pytest.param(changed(misfire="All"), id="misfire"),
    pytest.param(changed(catchUpSeconds=7200), id="catch-up"),
    pytest.param(changed(jitterSeconds=5), id="jitter"),
    pytest.param(changed(pauseAfterFailures=3), id="pause after failures"),
    pytest.param(changed(cron="10 12,18 * * *"), id="an expression with the fire time"),
    pytest.param(changed(timeZone="Africa/Abidjan"), id="a zone with the fire time"),
    pytest.param(changed(endAt="2026-04-01T00:00:00Z"), id="an end"),
]
MOVING = [
    pytest.param(changed(cron="0 18 * * *"), id="expression"),
    pytest.param(changed(timeZone="Europe/Berlin"), id="zone"),
    pytest.param(changed(startAt="2026-04-01T00:00:00Z"), id="start"),
    pytest.param(changed(enabled=False), id="disabled"),
    pytest.param(lambda world, one: world.task(one, enabled=False), id="Task disabled"),
    pytest.param(lambda world, _: world.task(), id="removed"),
    pytest.param(
        lambda world, _: world.schedules.pause("load-daily", schedule=None, reason="x", by="ann"),
        id="paused",
    ),
]


class TestBeforeTheTick:
    @pytest.mark.parametrize("change", KEEPING)
    @pytest.mark.parametrize("later", [0.4, 50], ids=["at once", "before the tick"])
    def test_an_edit_that_keeps_the_fire_time_keeps_its_run(
        self, world: Scheduled, change: Change, later: float
    ) -> None:
        world.task(NOONISH)
        world.clock.advance(minutes=10, seconds=later)
        change(world, NOONISH)
        world.tick(seconds=60)
        assert world.times() == ["01 12:10"]
        world.tick(minutes=5)
        assert len(world.made()) == 1

    @pytest.mark.parametrize("change", MOVING)
    def test_an_edit_that_drops_the_fire_time_leaves_a_record(
        self, world: Scheduled, change: Change
    ) -> None:
        world.task(NOONISH)
        world.clock.advance(minutes=10, seconds=0.4)
        change(world, NOONISH)
        world.tick(seconds=50)
        assert "before the run could start" in reason_of(only(world))
        world.tick(minutes=5)
        assert len(world.made()) == 1

    @pytest.mark.parametrize("change", [*KEEPING, *MOVING])
    def test_an_edit_never_fires_in_retrospect(self, world: Scheduled, change: Change) -> None:
        world.task(NOONISH)
        world.tick(minutes=10)
        change(world, NOONISH)
        world.tick(minutes=1)
        assert [run.schedule for run in world.made()] == ["noonish"]


class TestAfterAnOutage:
    """The app was down from 12:00 to 13:00; an edit is the first thing that happens."""

    @pytest.mark.parametrize("change", KEEPING)
    def test_the_missed_fire_time_runs_as_without_the_edit(
        self, world: Scheduled, change: Change
    ) -> None:
        world.task(NOONISH)
        world.clock.advance(hours=1)
        change(world, NOONISH)
        world.tick()
        assert world.times() == ["01 12:10"]

    @pytest.mark.parametrize("change", MOVING)
    def test_the_missed_fire_time_is_a_record(self, world: Scheduled, change: Change) -> None:
        world.task(NOONISH)
        world.clock.advance(hours=1)
        change(world, NOONISH)
        world.tick()
        assert only(world).status is RunStatus.SKIPPED

    def test_fire_times_beyond_the_catch_up_window_are_one_record(self, world: Scheduled) -> None:
        world.task({"name": "often", "cron": "*/10 * * * *", "catchUpSeconds": 60})
        world.clock.advance(hours=3, minutes=5)
        world.task({"name": "often", "cron": "5 5 * * *"})
        world.tick()
        assert only(world).reason.startswith("Missed 18 fire times")


class TestJitter:
    @pytest.mark.parametrize("change", KEEPING)
    def test_an_edit_before_the_jittered_start_keeps_the_run(
        self, world: Scheduled, change: Change
    ) -> None:
        world.task(JITTERED)
        world.tick(minutes=10, seconds=30)
        change(world, JITTERED)
        world.tick(minutes=1)
        world.tick(hours=1)
        assert world.times() == ["01 12:10"]

    def test_disabling_and_enabling_leaves_a_run_or_a_record(self, world: Scheduled) -> None:
        world.task(JITTERED)
        world.clock.advance(minutes=10, seconds=30)
        world.task(JITTERED, enabled=False)
        world.task(JITTERED)
        world.tick(hours=1)
        assert "was disabled" in reason_of(only(world))


def test_several_edits_before_a_tick_leave_a_record_of_each_fire_time(world: Scheduled) -> None:
    world.task({"name": "s", "cron": "10 12 * * *"})
    world.clock.advance(minutes=11)
    world.task({"name": "s", "cron": "20 12 * * *"})
    world.clock.advance(minutes=11)
    world.task({"name": "s", "cron": "30 12 * * *"})
    world.clock.advance(minutes=11)
    world.task({"name": "s", "cron": "30 12 * * *"}, enabled=False)
    world.tick()
    assert world.times(RunStatus.SKIPPED) == ["01 12:10", "01 12:20", "01 12:30"]


def test_a_disable_after_an_edit_stops_what_the_edit_kept(world: Scheduled) -> None:
    world.task(NOONISH)
    world.clock.advance(minutes=10, seconds=1)
    world.task(NOONISH | {"cron": "10 12,13 * * *"})
    world.task(NOONISH | {"cron": "10 12,13 * * *"}, enabled=False)
    world.tick(seconds=10)
    assert "was disabled" in reason_of(only(world))


def test_a_schedule_that_is_added_again_starts_from_then(world: Scheduled) -> None:
    world.task(NOONISH)
    world.clock.advance(minutes=10, seconds=1)
    world.task()
    world.task(NOONISH)
    world.tick(minutes=10)
    assert "was removed" in reason_of(only(world))
    world.tick(hours=24)
    assert world.times() == ["02 12:10"]


def test_the_overlap_policy_holds_for_what_an_edit_kept(world: Scheduled) -> None:
    skipping = {"name": "s", "cron": "* * * * *", "overlap": "Skip"}
    world.task(skipping)
    world.tick(minutes=1)
    world.clock.advance(minutes=1)
    world.task(skipping | {"cron": "*/2 * * * *"})
    world.tick()
    assert world.times() == ["01 12:01"]
    assert world.times(RunStatus.SKIPPED) == ["01 12:02"]
