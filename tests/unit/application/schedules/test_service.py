"""Tests of pause, resume and the status of schedules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.errors import Conflict, NotFound
from tests.fakes.builders import NOON
from tests.fakes.scheduled import DAILY, MINUTELY, Scheduled


@pytest.fixture
def world() -> Scheduled:
    world = Scheduled()
    world.task(MINUTELY, DAILY)
    return world


def pause(world: Scheduled, schedule: str | None = None) -> None:
    world.schedules.pause("load-daily", schedule=schedule, reason="The source moves.", by="ann")


def test_a_paused_task_fires_nothing_and_says_why(world: Scheduled) -> None:
    pause(world)
    assert world.tick(days=1).due == 0
    for standing in world.schedules.statuses("load-daily"):
        assert standing.next_fire_time is None
        assert standing.paused is not None
        assert (standing.paused.reason, standing.paused.by) == ("The source moves.", "ann")
        assert standing.paused.at == NOON


def test_one_schedule_may_be_paused_alone(world: Scheduled) -> None:
    pause(world, "daily")
    minutely, daily = world.schedules.statuses("load-daily")
    assert minutely.next_fire_time == NOON + timedelta(minutes=1)
    assert daily.next_fire_time is None


def test_a_resumed_schedule_continues_from_now(world: Scheduled) -> None:
    pause(world)
    world.clock.advance(hours=2)
    world.schedules.resume("load-daily", schedule="minutely")
    world.tick(minutes=1)
    assert world.times(None) == ["01 14:01"]
    minutely, daily = world.schedules.statuses("load-daily")
    assert minutely.last_fire_time == NOON + timedelta(hours=2, minutes=1)
    assert daily.paused is not None


def test_resuming_a_schedule_that_is_not_paused_loses_no_fire_time(world: Scheduled) -> None:
    world.clock.advance(minutes=1)
    world.schedules.resume("load-daily", schedule=None)
    world.tick()
    assert world.times() == ["01 12:01"]


def test_a_pause_survives_edits(world: Scheduled) -> None:
    pause(world)
    world.task(MINUTELY | {"misfire": "All"}, enabled=False)
    world.task(MINUTELY | {"misfire": "Skip"}, description="Loads.")
    assert world.tick(hours=1).due == 0
    (standing,) = world.schedules.statuses("load-daily")
    assert standing.paused is not None


def test_the_next_fire_time_respects_calendars(world: Scheduled) -> None:
    world.define(
        Kind.CALENDAR, {"name": "spring", "ranges": [{"from": "2026-03-01", "to": "2026-05-31"}]}
    )
    world.task(DAILY | {"calendars": ["spring"]})
    (standing,) = world.schedules.statuses("load-daily")
    assert standing.next_fire_time is not None
    assert f"{standing.next_fire_time:%Y-%m-%d}" == "2026-06-01"


def test_the_next_fire_time_of_a_task_is_the_earliest_of_its_schedules(world: Scheduled) -> None:
    assert world.schedules.next_fire_time("load-daily") == NOON + timedelta(minutes=1)
    pause(world, "minutely")
    assert world.schedules.next_fire_time("load-daily") == NOON + timedelta(hours=18)
    world.task(MINUTELY | {"enabled": False}, DAILY | {"endAt": "2026-03-02T00:00:00Z"})
    assert world.schedules.next_fire_time("load-daily") is None
    world.task(DAILY, enabled=False)
    assert world.schedules.next_fire_time("load-daily") is None
    world.task()
    assert world.schedules.next_fire_time("load-daily") is None


def test_the_search_ends_if_calendars_exclude_every_fire_time(world: Scheduled) -> None:
    world.define(
        Kind.CALENDAR, {"name": "all", "ranges": [{"from": "2026-01-01", "to": "8999-12-31"}]}
    )
    world.task(DAILY | {"calendars": ["all"]})
    assert world.schedules.next_fire_time("load-daily") is None


def test_an_unknown_schedule_is_named_in_the_error(world: Scheduled) -> None:
    with pytest.raises(NotFound, match="no task 'gone'"):
        world.schedules.statuses("gone")
    with pytest.raises(NotFound, match="no schedule 'hourly' \\(it has: minutely, daily\\)"):
        pause(world, "hourly")
    world.task()
    with pytest.raises(Conflict, match="has no schedule"):
        pause(world)


def test_a_pause_first_syncs_a_schedule_that_an_interrupted_edit_left_behind(
    world: Scheduled,
) -> None:
    """A crash after the write of the definition must not prevent a pause."""
    for stored in world.store.of_task("load-daily"):
        world.store.remove(stored)
    pause(world)
    assert world.tick(days=1).due == 0
