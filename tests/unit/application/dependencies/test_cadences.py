"""Tests of dependencies between Tasks of different cadences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Dependency, Mapping, Take, Task
from polysync_core.domain.dependencies.tokens import ScheduledFire
from polysync_core.domain.runs.run import TaskRun
from tests.fakes.builders import a_job
from tests.fakes.gates import GateWorld

DAY = datetime(2026, 3, 1, tzinfo=UTC)
HOURLY = Schedule(name="hourly", cron="0 * * * *")
DAILY = Schedule(name="daily", cron="0 0 * * *")


def world_of(upstream: Schedule, own: Schedule) -> GateWorld:
    edge = Dependency(
        task="up", take=Take.NEWEST, mappings=(Mapping(output="value", input="value"),)
    )
    return GateWorld(
        Task(name="up", job="job", schedules=(upstream,)),
        Task(name="down", job="job", schedules=(own,), dependencies=(edge,)),
        job=a_job(name="job", parameters=[{"name": "value"}]),
    )


def fire(world: GateWorld, schedule: Schedule, at: datetime) -> list[TaskRun]:
    due = ScheduledFire(schedule=schedule.name, scheduled_time=at, time_zone="UTC")
    return world.gates.deliver_fire_time("down", due)


@pytest.mark.slow
def test_a_daily_task_takes_the_newest_of_the_hourly_outcomes() -> None:
    world = world_of(HOURLY, DAILY)
    for day in range(3):
        for hour in range(24):
            assert world.carry(world.start("up"), value=f"{day}-{hour}") == []
        (run,) = fire(world, DAILY, DAY + timedelta(days=day + 1))
        assert run.parameters["value"] == f"{day}-23"
    assert world.gates.view("down").groups == ()


@pytest.mark.slow
def test_every_hour_of_a_day_takes_the_outcome_of_that_day() -> None:
    world = world_of(DAILY, HOURLY)
    for day in range(2):
        upstream = world.start("up")
        world.carry(upstream, value=str(day))
        for hour in range(24):
            (run,) = fire(world, HOURLY, DAY + timedelta(days=day, hours=hour))
            assert run.parameters["value"] == str(day)
            assert [parent.run_id for parent in run.parents] == [upstream.run_id]


def test_fire_times_before_the_first_outcome_wait_for_it() -> None:
    world = world_of(DAILY, HOURLY)
    assert fire(world, HOURLY, DAY) == []
    assert fire(world, HOURLY, DAY + timedelta(hours=1)) == []
    created = world.carry(world.start("up"), value="first")
    assert [run.parameters["value"] for run in created] == ["first", "first"]
