"""Tests of windows of backfilled runs and of runs by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.schedules.backfills import Redo
from tests.unit.application.dependencies.test_windows import DAY, HOUR, Cadences, rerun


class Past(Cadences):
    """Two Tasks that were defined after the days of a backfill."""

    def __init__(self, **edge: object) -> None:
        super().__init__(**edge)
        self.clock.now = DAY + 10 * HOUR

    def fill(self, task: str, days: int = 2, **facts: object) -> None:
        end = DAY - timedelta(days=10)
        self.clock.advance(minutes=1)
        self.backfill(end - timedelta(days=days), end, task=task, **facts)

    def started(self) -> list[TaskRun]:
        leases = self.engine.dispatcher("main").leases
        return [run for run in self.made(task="down") if run.run_id in leases]

    def by_hand(self, **parameters: object) -> TaskRun:
        request = RunRequest(task="down", parameters=dict(parameters), actor="test")
        return self.services.task_runs.run_once(request, self.engine)


def test_a_backfilled_day_takes_the_outcomes_of_its_own_interval() -> None:
    world = Past()
    world.fill("up", days=3)
    world.carry_all()
    world.fill("down", days=2)
    assert [run.parameters["values"] for run in world.started()] == [
        ["17-06", "17-12", "17-18", "18-00"],
        ["18-06", "18-12", "18-18", "19-00"],
    ]


def test_a_backfilled_day_waits_for_the_hours_of_its_day() -> None:
    world = Past()
    world.fill("down")
    assert world.started() == []
    assert "Waits for the outcomes of its windows" in world.made(task="down")[0].reason
    world.fill("up", days=3)
    *first_day, last = [run for run in world.open() if run.scheduled_time <= DAY - 12 * 24 * HOUR]
    for run in first_day:
        world.carry(run, n="x")
    assert world.started() == []
    world.carry(last, n="last")
    (run,) = world.started()
    assert run.parameters["values"][-1] == "last"
    assert len(run.parents) == 4
    world.carry_all()
    assert len(world.started()) == 2


def test_a_backfilled_day_whose_hour_failed_is_skipped() -> None:
    world = Past()
    world.fill("down", days=1)
    world.fill("up", days=2)
    for index, run in enumerate(world.open()):
        world.carry(run, RunStatus.FAILED if index == 2 else RunStatus.SUCCEEDED, n=index)
    (run,) = world.made(task="down")
    assert run.status is RunStatus.SKIPPED
    assert "ended as Failed for" in run.reason
    world.fill("up", days=2, redo=Redo.FAILED)
    world.carry_all()
    world.fill("down", days=1, redo=Redo.FAILED)
    _, again = world.made(task="down")
    assert again.rerun_of == run.run_id
    assert len(again.parameters["values"]) == 4


def test_a_rerun_takes_the_window_of_the_fire_time_that_it_repeats() -> None:
    world = Past()
    world.fill("down", days=1)
    world.fill("up", days=2)
    for index, run in enumerate(world.open()):
        world.carry(run, RunStatus.FAILED if index == 2 else RunStatus.SUCCEEDED, n=index)
    (skipped,) = world.made(task="down")
    world.fill("up", days=2, redo=Redo.FAILED)
    world.carry_all()
    again = rerun(world, skipped)
    assert again.scheduled_time == skipped.scheduled_time
    assert again.parameters["values"] == [1, "18-12", 3, 4]


def test_a_waiting_run_of_a_deleted_task_starts_with_its_own_values() -> None:
    world = Past()
    world.fill("down", days=1)
    world.delete("down")
    world.services.reconciler.reconcile(world.engine)
    (run,) = world.started()
    assert run.parameters == {"values": [], "value": "none"}


def test_a_lost_notification_is_repeated_by_the_reconciler() -> None:
    world = Past()
    world.fill("down", days=1)
    world.fill("up", days=2)
    for run in world.open():
        world.end(run)
    assert world.started() == []
    world.services.reconciler.reconcile(world.engine)
    (run,) = world.made(task="down")
    assert run.status is RunStatus.FAILED, "the runs have no output for the inputs"
    assert "has no such output" in (run.attempts[0].error or "")


def test_a_day_that_waits_can_be_cancelled() -> None:
    world = Past()
    world.fill("down", days=1)
    (run,) = world.made(task="down")
    explained = world.services.explanations.run(run.run_id, world.engine)
    assert "has 0 of 4 outcomes; it awaits those of" in explained.sentences[0]
    world.services.task_runs.cancel(run.run_id, actor="test", engine=world.engine)
    world.fill("up")
    world.carry_all()
    assert world.started() == []


def test_a_run_by_hand_takes_the_window_of_the_newest_fire_time() -> None:
    world = Past()
    with pytest.raises(Invalid, match="lacks the outcomes of 2026-03-02T00:00:00Z") as caught:
        world.by_hand()
    assert caught.value.problems[0].path == "parameters.values"
    world.clock.now = DAY - HOUR / 2
    world.at(DAY + 24 * HOUR)
    with pytest.raises(Invalid, match="lacks the outcomes of 2026-03-02T06:00:00Z"):
        world.by_hand()
    world.carry_all()
    run = world.by_hand()
    assert run.parameters == {
        "values": ["02-06", "02-12", "02-18", "03-00"],
        "value": "03-00",
    }
    assert world.by_hand(values=[], value="mine").parents == ()
