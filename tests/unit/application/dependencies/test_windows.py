"""Tests of dependencies that take all outcomes since the fire time before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.skip import SkipKind
from tests.fakes.scheduled import Scheduled

pytestmark = pytest.mark.slow

DAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
JOB = {
    "name": "load",
    "platform": "lakehouse",
    "jobType": "DatabricksNotebook",
    "externalId": "/etl/load",
    "settings": {"outputsFromExitValue": True},
    "parameters": [
        {"name": "values", "dataType": "Json", "default": []},
        {"name": "value", "default": "none"},
    ],
}
HOURLY = {"name": "hourly", "cron": "0 * * * *"}
SIX_HOURLY = {"name": "hourly", "cron": "0 */6 * * *"}
DAILY = {"name": "daily", "cron": "0 0 * * *"}
BOTH = [{"output": "n", "input": "values"}, {"output": "n", "input": "value"}]


class Cadences(Scheduled):
    """Two Tasks with schedules, of which `down` takes windows of `up`."""

    def __init__(
        self, up: dict[str, Any] = SIX_HOURLY, down: dict[str, Any] = DAILY, **edge: Any
    ) -> None:
        super().__init__()
        self.clock.now = DAY - HOUR / 2
        self.step = HOUR if HOURLY["cron"] in {up["cron"], down["cron"]} else 6 * HOUR
        self.define(Kind.JOB, JOB)
        self.task(up, name="up")
        self.edge = {"task": "up", "take": "Window", "mappings": BOTH} | edge
        self.task(down, name="down", dependencies=[self.edge])

    def at(self, moment: datetime) -> None:
        """Run the ticks of all fire times up to a moment."""
        while self.clock.now < moment:
            steps = (self.clock.now - DAY) // self.step + 1
            self.clock.now = min(moment, DAY + steps * self.step)
            self.tick()
            self.services.dependent_notifier.execute_wait_limits(self.engine)

    def open(self, task: str = "up") -> list[TaskRun]:
        return self.made(RunStatus.QUEUED, task)

    def carry_all(self) -> None:
        for run in self.open():
            self.carry(run, n=f"{run.scheduled_time:%d-%H}")

    def down(self) -> TaskRun:
        (run,) = self.made(task="down")
        return run


def test_a_daily_task_waits_for_the_hours_of_its_day() -> None:
    world = Cadences(HOURLY)
    world.at(DAY + 23 * HOUR)
    world.carry_all()
    (first,) = world.made(task="down")
    assert first.scheduled_time == DAY
    world.at(DAY + 24 * HOUR)
    assert world.made(task="down") == [first], "the hour of 00:00 has not ended"
    world.carry_all()
    _, run = world.made(task="down")
    hours = [f"02-{hour:02}" for hour in range(1, 24)] + ["03-00"]
    assert run.parameters == {"values": hours, "value": "03-00"}
    assert len(run.parents) == 24


def test_the_first_day_takes_the_fire_times_since_the_schedule_exists() -> None:
    world = Cadences()
    world.at(DAY)
    world.carry_all()
    assert world.down().parameters["values"] == ["02-00"]


def test_an_hourly_task_takes_the_one_of_its_day() -> None:
    world = Cadences(DAILY, HOURLY)
    world.at(DAY)
    world.carry_all()
    world.at(DAY + 5 * HOUR)
    runs = world.made(task="down")
    assert [run.parameters["values"] for run in runs] == [["02-00"]] * 6
    assert {run.parameters["value"] for run in runs} == {"02-00"}
    world.at(DAY + 24 * HOUR)
    assert len(world.made(task="down")) == 24, "00:00 of the next day waits for the next one"
    world.carry_all()
    assert world.made(task="down")[-1].parameters["value"] == "03-00"


def test_outcomes_that_arrive_before_the_fire_time_start_nothing() -> None:
    world = Cadences()
    world.at(DAY + 6 * HOUR)
    world.carry_all()
    assert len(world.made(task="down")) == 1
    assert world.services.gates.view("down").groups == ()


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED])
def test_one_hour_that_does_not_meet_the_condition_skips_the_day(status: RunStatus) -> None:
    world = Cadences()
    world.at(DAY)
    world.carry_all()
    world.at(DAY + 24 * HOUR)
    third, *others = world.open()
    world.carry(third, status)
    assert len(world.made(task="down")) == 1, "the other hours have not ended"
    for run in others:
        world.carry(run, n="x")
    skipped = world.made(task="down")[-1]
    assert skipped.status is RunStatus.SKIPPED
    assert f"ended as {status} for 2026-03-02T06:00:00Z" in skipped.reason
    assert skipped.skip is not None and skipped.skip.root is not None
    assert skipped.skip.root.run_id == third.run_id


def test_a_list_of_conditions_applies_to_each_outcome() -> None:
    world = Cadences(condition="OnCompletion")
    world.at(DAY + 24 * HOUR)
    for index, run in enumerate(world.open()):
        status = RunStatus.FAILED if index == 3 else RunStatus.SUCCEEDED
        world.carry(run, status, n=index)
    run = world.made(task="down")[-1]
    assert run.status is RunStatus.QUEUED
    assert run.parameters["values"] == [1, 2, 4]


def test_a_rerun_replaces_the_outcome_of_its_fire_time() -> None:
    world = Cadences()
    world.at(DAY)
    world.carry_all()
    world.at(DAY + 24 * HOUR)
    first, *others = world.open()
    failed = world.carry(first, RunStatus.FAILED)
    again = rerun(world, failed)
    for run in others:
        world.carry(run, n="x")
    assert len(world.made(task="down")) == 1, "the rerun has not ended"
    world.carry(again, n="right")
    run = world.made(task="down")[-1]
    assert run.status is RunStatus.QUEUED
    assert run.parameters["values"] == ["right", "x", "x", "x"]
    assert again.run_id in {parent.run_id for parent in run.parents}


def rerun(world: Cadences, run: TaskRun) -> TaskRun:
    world.clock.advance(seconds=1)
    return world.services.task_runs.rerun(
        run.run_id, idempotency_key=None, actor="test", engine=world.engine
    )


def test_a_backfill_of_the_upstream_brings_what_was_missed() -> None:
    world = Cadences({**HOURLY, "misfire": "Skip"}, condition="OnSuccess")
    world.at(DAY)
    world.carry_all()
    world.clock.now = DAY + 6 * HOUR
    world.at(DAY + 24 * HOUR)
    world.carry_all()
    (group,) = world.services.gates.view("down").groups
    assert group.lacks == ("up",)
    world.backfill(DAY + HOUR, DAY + 7 * HOUR, task="up")
    world.carry_all()
    assert len(world.made(task="down")[-1].parents) == 24


def test_after_the_time_limit_the_day_is_skipped_and_the_missing_hours_are_named() -> None:
    world = Cadences(withinSeconds=7200)
    world.at(DAY)
    world.carry_all()
    world.at(DAY + 24 * HOUR)
    *others, last = world.open()
    for run in others:
        world.carry(run)
    world.at(DAY + 25 * HOUR)
    assert len(world.made(task="down")) == 1
    world.at(DAY + 26 * HOUR)
    skipped = world.made(task="down")[-1]
    assert skipped.status is RunStatus.SKIPPED
    assert skipped.skip is not None and skipped.skip.kind is SkipKind.INCOMPLETE
    assert "no outcome of 1 of 4 fire times after 7200 seconds" in skipped.reason
    assert "2026-03-03T00:00:00Z" in skipped.reason
    world.carry(last)
    assert world.made(task="down")[-1] == skipped
    assert world.services.gates.due_wait_limits() == []


def test_the_windows_of_two_days_do_not_mix() -> None:
    world = Cadences()
    world.at(DAY + 48 * HOUR)
    runs = world.open()
    for run in runs[5:]:
        world.carry(run, n=f"{run.scheduled_time:%d-%H}")
    (second,) = world.made(task="down")
    assert second.scheduled_time == DAY + 48 * HOUR, "a later day does not wait for an earlier one"
    world.carry_all()
    values = [run.parameters["values"] for run in world.made(task="down")]
    assert [(each[0], each[-1]) for each in values] == [
        ("02-00", "02-00"),
        ("02-06", "03-00"),
        ("03-06", "04-00"),
    ]


def test_a_task_without_a_schedule_has_the_fire_times_of_the_task_that_starts_it() -> None:
    world = Cadences()
    world.task(name="clean", dependencies=[{"task": "up"}])
    world.task(DAILY, name="down", dependencies=[{**world.edge, "task": "clean"}])
    world.at(DAY)
    world.carry_all()
    for hour in (6, 12, 18, 24):
        world.at(DAY + hour * HOUR)
        world.carry_all()
        for run in world.open("clean"):
            world.carry(run, n=f"{run.scheduled_time:%H}")
    *_, run = world.made(task="down")
    assert run.parameters["values"] == ["06", "12", "18", "00"]


def test_a_deleted_upstream_of_the_same_name_has_no_outcomes() -> None:
    world = Cadences()
    world.at(DAY + 24 * HOUR)
    world.carry_all()
    world.delete("down")
    world.delete("up")
    world.task(HOURLY, name="up")
    world.task({**DAILY, "cron": "30 0 * * *"}, name="down", dependencies=[world.edge])
    world.at(DAY + 24 * HOUR + HOUR / 2)
    *_, run = world.made(task="down")
    assert run.status is RunStatus.SKIPPED
    assert "had no fire time in the interval since it was scheduled" in run.reason


@pytest.mark.parametrize(
    ("up", "message"),
    [
        ({"schedules": []}, "has no schedule"),
        ({"schedules": [{**HOURLY, "cron": "* * * * *"}]}, "more than 400 fire times"),
    ],
)
def test_a_window_without_fire_times_or_with_too_many_is_refused(
    up: dict[str, Any], message: str
) -> None:
    world = Cadences()
    world.define(Kind.TASK, {"name": "other", "job": "load", **up})
    with pytest.raises(Invalid, match=message) as caught:
        world.task(DAILY, name="down", dependencies=[{**world.edge, "task": "other"}])
    assert caught.value.problems[0].path == "dependencies[0].take"


def test_an_upstream_whose_schedule_is_disabled_skips_the_day() -> None:
    world = Cadences()
    world.task({**SIX_HOURLY, "enabled": False}, name="up")
    world.at(DAY)
    assert world.down().status is RunStatus.SKIPPED
    assert "Task 'up' has no fire time up to this one" in world.down().reason


def test_an_upstream_whose_windows_are_taken_keeps_a_schedule() -> None:
    world = Cadences()
    with pytest.raises(Invalid, match="has no schedule"):
        world.task(name="up")


def test_scheduled_times_of_several_tasks_are_refused() -> None:
    world = Cadences()
    world.task({**HOURLY, "cron": "30 * * * *"}, name="other")
    world.task(name="joined", dependencies=[{"task": "up"}, {"task": "other"}])
    with pytest.raises(Invalid, match=r"scheduled times of several tasks \(other, up\)"):
        world.task(DAILY, name="down", dependencies=[{"task": "joined", "take": "Window"}])


def test_the_gate_shows_the_outcomes_and_the_fire_times_that_are_awaited() -> None:
    world = Cadences()
    world.at(DAY)
    world.carry_all()
    world.at(DAY + 24 * HOUR)
    first, second, *_ = world.open()
    world.carry(first)
    world.carry(second, RunStatus.FAILED)
    answer = world.app.http.get("/tasks/down/gate").json()
    (group,) = answer["groups"]
    assert group["windows"] == [
        {
            "upstream": "up",
            "after": "2026-03-02T00:00:00.000Z",
            "until": "2026-03-03T00:00:00.000Z",
            "outcomes": [
                {
                    "scheduledTime": "2026-03-02T06:00:00.000Z",
                    "runId": first.run_id,
                    "status": "Succeeded",
                },
                {
                    "scheduledTime": "2026-03-02T12:00:00.000Z",
                    "runId": second.run_id,
                    "status": "Failed",
                },
            ],
            "awaited": ["2026-03-02T18:00:00.000Z", "2026-03-03T00:00:00.000Z"],
        }
    ]
    sentence = answer["sentences"][1]
    assert "has 2 of 4 outcomes; it awaits those of 2026-03-02T18:00:00Z" in sentence
    page = world.app.browser.get("/tasks/down/gate").text
    assert "has 2 of 4 outcomes" in page
    assert first.run_id in page
