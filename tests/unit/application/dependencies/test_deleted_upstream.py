"""Tests that a Task which was deleted and is defined anew brings no earlier outcome."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.run import TaskRun
from tests.fakes.scheduled import JOB, Scheduled

DAILY = {"name": "daily", "cron": "0 6 * * *"}
MAPPINGS = [{"output": "n", "input": "day"}]


class World(Scheduled):
    """An upstream that has succeeded, and is then defined anew."""

    def __init__(self, **edge: Any) -> None:
        super().__init__()
        self.define(Kind.JOB, {**JOB, "settings": {"outputsFromExitValue": True}})
        self.edge = {"task": "up", "mappings": MAPPINGS, **edge}
        self.task(name="up")
        self.task(DAILY, name="down", dependencies=[self.edge])
        self.old = self.carry(self.run("up"), n="old")
        self.clock.advance(minutes=1)
        self.delete("down")
        self.delete("up")
        self.task(name="up")
        self.task(DAILY, name="down", dependencies=[self.edge])

    def run(self, task: str, **parameters: Any) -> TaskRun:
        request = RunRequest(task=task, parameters=parameters, actor="test")
        return self.services.task_runs.run_once(request, self.engine)


def test_run_once_takes_no_output_of_the_deleted_task() -> None:
    world = World()
    with pytest.raises(Invalid, match="no run of 'up' has succeeded yet"):
        world.run("down")
    world.carry(world.run("up"), n="new")
    assert world.run("down").parameters["day"] == "new"


def test_the_newest_outcome_is_that_of_the_present_task() -> None:
    world = World(take="Newest")
    world.tick(hours=18)
    assert world.made(task="down") == []
    world.carry(world.run("up"), n="new")
    (run,) = world.made(task="down")
    assert run.parameters["day"] == "new"


def test_a_backfill_takes_no_output_of_the_deleted_task() -> None:
    world = World()
    end = world.clock()
    with pytest.raises(Invalid, match="no run of 'up' has succeeded yet"):
        world.backfill(end.replace(day=1, month=2), end, task="down")


def test_a_run_of_the_deleted_task_that_ends_later_is_no_newest_outcome() -> None:
    world = World(take="Newest")
    late = world.run("up")
    world.clock.advance(minutes=1)
    world.delete("down")
    world.delete("up")
    world.task(name="up")
    world.task(DAILY, name="down", dependencies=[world.edge])
    world.carry(late, n="late")
    world.tick(hours=18)
    assert world.made(task="down") == []


def test_a_run_of_the_deleted_task_that_ends_later_starts_nothing() -> None:
    world = World()
    late = world.run("up")
    world.clock.advance(minutes=1)
    world.delete("down")
    world.delete("up")
    world.task(name="up")
    world.task(name="down", dependencies=[world.edge])
    world.carry(late, n="late")
    assert world.made(task="down") == []
    world.carry(world.run("up"), n="new")
    (run,) = world.made(task="down")
    assert run.parameters["day"] == "new"
