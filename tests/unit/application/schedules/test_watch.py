"""Tests that runs start at their second, in virtual time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from threading import Lock
from typing import Any

import pytest

from polysync_core.application.schedules.watch import ScheduleWatch
from polysync_core.domain.dispatch import decisions
from polysync_core.domain.dispatch.state import moment
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.schedules.state import TaskSchedule
from tests.fakes.scheduled import MINUTELY, Scheduled

_SECOND = timedelta(seconds=1)


@pytest.fixture
def world() -> Scheduled:
    return Scheduled()


def watch_of(world: Scheduled) -> ScheduleWatch:
    """Return the watch with one worker, because the fake engine has no threads."""
    watch = world.services.schedule_watch
    tick = replace(world.services.schedule_tick, workers=1, turn=Lock())
    schedules, *others = watch.watched
    return replace(watch, watched=(replace(schedules, step=tick.tick), *others))


def watch(world: Scheduled, *, seconds: float) -> None:
    """Let a host watch all the time, as the embedded host does."""
    since, end = world.clock(), world.clock() + timedelta(seconds=seconds)
    while world.clock() < end:
        since, wait = watch_of(world).step(since, world.engine)
        world.clock.now += max(wait, timedelta(milliseconds=1))


def lag(run: TaskRun) -> timedelta:
    """Return the time from the fire time to the acceptance of a run."""
    assert run.scheduled_time is not None
    return run.queued_at - run.scheduled_time


class TestSeconds:
    def test_a_leading_second_is_kept(self, world: Scheduled) -> None:
        world.task({"name": "s", "cron": "30 * * * * *"})
        watch(world, seconds=120)
        assert [f"{run.scheduled_time:%H:%M:%S}" for run in world.made()] == [
            "12:00:30",
            "12:01:30",
        ]
        assert max(map(lag, world.made())) < _SECOND

    def test_a_schedule_that_is_defined_now_fires_in_this_minute(self, world: Scheduled) -> None:
        watch(world, seconds=10)
        world.task({"name": "s", "cron": "15 * * * * *"})
        watch(world, seconds=10)
        assert [run.queued_at.second for run in world.made()] == [15]

    def test_a_failing_schedule_is_left_to_the_minute_timer(self, world: Scheduled) -> None:
        world.task(MINUTELY)
        world.clock.advance(minutes=1)
        since, calls = world.clock(), 0

        def count(call: Any, do: Any) -> Any:
            nonlocal calls
            calls += call.method.startswith("send")
            return do()

        world.tables.intercept = count
        watch_of(world).step(since, world.engine)
        assert calls == 0

    @pytest.mark.parametrize("overlap", ["Skip", "CancelRunning"])
    def test_the_overlap_is_judged_at_the_second(self, world: Scheduled, overlap: str) -> None:
        world.task(MINUTELY | {"overlap": overlap})
        watch(world, seconds=61)
        world.end(world.made()[0])
        watch(world, seconds=60)
        assert len(world.made(RunStatus.SKIPPED)) == 0
        assert len(world.made()) == 2


class TestFunctionsHost:
    """The minute timer waits only if a schedule fires before the next minute."""

    def waits(self, world: Scheduled) -> list[float]:
        waited: list[float] = []

        def wait(seconds: float) -> None:
            waited.append(seconds)
            world.clock.advance(seconds=seconds)

        watch_of(world).until_next_minute(world.engine, wait)
        return waited

    def test_it_waits_for_each_fire_time_of_the_minute(self, world: Scheduled) -> None:
        world.task({"name": "a", "cron": "10 * * * * *"}, {"name": "b", "cron": "40 * * * * *"})
        assert self.waits(world) == [10, 30]
        assert [run.queued_at.second for run in world.made()] == [10, 40]

    def test_it_returns_at_once_without_a_fire_time(self, world: Scheduled) -> None:
        world.task(MINUTELY, {"name": "daily", "cron": "30 0 6 * * *"})
        assert self.waits(world) == []


class TestJitter:
    def test_the_run_exists_at_the_fire_time_and_waits_for_its_start(
        self, world: Scheduled
    ) -> None:
        world.task(MINUTELY | {"jitterSeconds": 50})
        planned = world.app.http.get("/tasks/load-daily/fire-times").json()["items"][0]
        watch(world, seconds=61)
        (run,) = world.made()
        assert lag(run) < _SECOND
        assert run.not_before == run.starts_at == datetime.fromisoformat(planned["startsAt"])
        assert "after its jitter" in run.reason
        (entry,) = world.engine.states["main"].waiting.values()
        assert moment(entry.not_before) == run.starts_at

    def test_the_lag_is_shown_after_the_start(self, world: Scheduled) -> None:
        world.task(MINUTELY | {"jitterSeconds": 50})
        watch(world, seconds=61)
        (run,) = world.made()
        assert run.starts_at is not None
        assert world.app.http.get(f"/task-runs/{run.run_id}").json()["startLagSeconds"] is None
        world.clock.now = run.starts_at + timedelta(seconds=2)
        world.end(run)
        view = world.app.http.get(f"/task-runs/{run.run_id}").json()
        assert view["startLagSeconds"] == 2

    def test_a_task_with_dependencies_gets_its_fire_time_at_the_start(
        self, world: Scheduled
    ) -> None:
        world.task(name="before")
        world.task(MINUTELY | {"jitterSeconds": 50}, dependencies=[{"task": "before"}])
        stored = world.store.get("load-daily", "minutely")
        assert stored is not None
        task = world.services.definitions.task("load-daily")
        planned = TaskSchedule(task=task, schedule=task.schedules[0]).start_time(
            stored.state.watermark + timedelta(minutes=1)
        )
        assert stored.state.due == planned


class Starts:
    """Carries out the decisions of the Dispatcher: its timers fire, and each start ends at once."""

    def __init__(self, world: Scheduled) -> None:
        self.world = world
        self.at: dict[str, datetime] = {}
        """The time of the start of each run."""
        self.timers: list[datetime] = []
        self.done = world.engine._do
        world.engine._do = self.carry_out

    def carry_out(self, decision: decisions.Decision) -> None:
        self.done(decision)
        if decision.wake_at is not None:
            heappush(self.timers, decision.wake_at)
        for lease in decision.starts:
            assert lease.run_id not in self.at
            self.at[lease.run_id] = self.world.clock()
            self.world.engine.release("main", lease.run_id, lease.attempt)

    def until(self, moment: datetime) -> None:
        """Fire the timers until a moment."""
        while self.timers and self.timers[0] <= moment:
            at = heappop(self.timers)
            self.world.clock.now = max(self.world.clock.now, at)
            state = self.world.engine.dispatcher("main")
            self.carry_out(decisions.on_timer(state, at, now=self.world.clock()))
        self.world.clock.now = max(self.world.clock.now, moment)


def a_random_schedule(draw: random.Random, index: int) -> dict[str, Any]:
    """Return a schedule that fires once in ten minutes, in a random zone."""
    second, minute = draw.randrange(60), draw.randrange(10)
    return {
        "name": f"s{index}",
        "cron": f"{second} {minute}-59/10 * * * *",
        "timeZone": draw.choice(["UTC", "Asia/Kathmandu", "America/St_Johns", "Australia/Eucla"]),
        "jitterSeconds": draw.choice([0, 0, 5, 50, 600]),
    }


@pytest.mark.slow
def test_a_thousand_random_schedules_start_within_a_second(world: Scheduled) -> None:
    draw, starts = random.Random(7), Starts(world)
    for number in range(20):
        world.task(*(a_random_schedule(draw, index) for index in range(50)), name=f"t{number}")
    since, end = world.clock(), world.clock() + timedelta(seconds=601)
    while world.clock() < end:
        since, wait = watch_of(world).step(since, world.engine)
        starts.until(world.clock() + max(wait, timedelta(milliseconds=1)))
    starts.until(end + timedelta(seconds=601))
    runs = [run for number in range(20) for run in world.made(task=f"t{number}")]
    assert len({(run.task, run.schedule) for run in runs}) == 1000
    assert starts.at.keys() == {run.run_id for run in runs}
    for run in runs:
        assert run.scheduled_time is not None
        assert run.starts_at is not None
        assert run.scheduled_time <= run.starts_at <= run.scheduled_time + timedelta(seconds=600)
        assert timedelta() <= starts.at[run.run_id] - run.starts_at < _SECOND
