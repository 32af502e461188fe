"""Tests of runs that wait for the success of the fire time before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.application.runs.prerequisites import MAX_WAITING
from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.run import RunStatus, TaskRun, begin_attempt, finish
from polysync_core.domain.runs.skip import SkipKind
from polysync_core.domain.schedules.backfills import BackfillOrder, Redo
from tests.fakes.scheduled import DAILY, MINUTELY, Scheduled

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
TASK = "load-daily"


class Ordered(Scheduled):
    """A Task that depends on its own past."""

    def __init__(self, *schedules: dict[str, Any], **facts: Any) -> None:
        super().__init__()
        self.clock.now = SIX
        self.facts = {"dependsOnPast": True, **facts}
        self.task(*(schedules or (MINUTELY,)), **self.facts)

    def minutes(self, count: int) -> list[TaskRun]:
        for _ in range(count):
            self.tick(minutes=1)
        return self.made()

    def started(self) -> list[str]:
        """Return the fire times of the runs that have started and not ended."""
        leases = self.engine.dispatcher("main").leases
        return [f"{run.scheduled_time:%H:%M}" for run in self.made() if run.run_id in leases]

    def fresh(self, run: TaskRun) -> TaskRun:
        stored = self.runs.get(run.run_id)
        assert stored is not None
        return stored.run

    def begin(self, run: TaskRun) -> None:
        stored = self.runs.get(run.run_id)
        assert stored is not None
        self.runs.save(stored, begin_attempt(stored.run, at=self.clock(), actor="test"))

    def finish(self, run: TaskRun) -> None:
        stored = self.runs.get(run.run_id)
        assert stored is not None
        outcome = Outcome(status=RunStatus.SUCCEEDED, reason="")
        self.runs.save(stored, finish(stored.run, outcome, at=self.clock(), actor="test"))
        self.engine.release("main", run.run_id, 1)
        self.notify(run.run_id)

    def rerun(self, run: TaskRun, **facts: Any) -> TaskRun:
        self.clock.advance(seconds=1)
        return self.services.task_runs.rerun(
            run.run_id, idempotency_key=None, actor="test", engine=self.engine, **facts
        )

    def reconcile(self) -> None:
        self.services.reconciler.reconcile(self.engine)


def test_the_first_run_starts_and_the_next_one_waits_for_its_success() -> None:
    world = Ordered()
    first, second = world.minutes(2)
    assert world.started() == ["06:01"]
    assert second.status is RunStatus.QUEUED
    world.carry(first)
    assert world.started() == ["06:02"]


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED])
@pytest.mark.parametrize("downstream", [False, True])
def test_a_run_without_success_blocks_the_later_ones_until_its_rerun_succeeds(
    status: RunStatus, downstream: bool
) -> None:
    world = Ordered()
    first, second, third = world.minutes(3)
    world.carry(first, status)
    world.reconcile()
    assert world.started() == []
    assert f"ended as {status}: run it again" in world.fresh(second).reason
    again = world.rerun(first, downstream=downstream)
    world.reconcile()
    assert world.started() == ["06:01"]
    world.carry(again)
    assert world.started() == ["06:02"]
    world.carry(second)
    assert world.started() == ["06:03"]
    world.carry(third)


def test_a_fire_time_after_a_failure_waits_as_well() -> None:
    world = Ordered()
    (first,) = world.minutes(1)
    world.carry(first, RunStatus.FAILED)
    world.minutes(1)
    assert world.started() == []


def test_a_rerun_of_a_waiting_fire_time_starts_at_once() -> None:
    world = Ordered()
    first, second = world.minutes(2)
    world.carry(first, RunStatus.FAILED)
    cancelled = world.services.task_runs.cancel(second.run_id, actor="test", engine=world.engine)
    again = world.rerun(cancelled)
    assert not again.unmet
    (third,) = world.minutes(1)[3:]
    assert world.started() == ["06:02"]
    world.carry(again)
    assert third.unmet
    assert world.started() == ["06:03"]


def test_skipped_runs_do_not_count() -> None:
    world = Ordered({**MINUTELY, "overlap": "Skip"})
    first, second = world.minutes(2)
    assert second.status is RunStatus.SKIPPED
    world.carry(first, RunStatus.FAILED)
    world.minutes(1)
    assert world.started() == [], "the run before the skipped one has failed"
    world.carry(world.rerun(first))
    assert world.started() == ["06:03"]


def test_keep_newest_leaves_one_waiting_run() -> None:
    world = Ordered({**MINUTELY, "overlap": "KeepNewest"})
    (first,) = world.minutes(1)
    world.begin(first)
    world.minutes(3)
    assert world.times() == ["02 06:04"]
    world.finish(first)
    assert world.started() == ["06:04"]


def test_each_schedule_has_a_past_of_its_own() -> None:
    other = {"name": "other", "cron": "* * * * *"}
    world = Ordered(MINUTELY, other)
    first, _ = world.minutes(1)
    world.carry(first, RunStatus.FAILED)
    world.minutes(1)
    assert world.started() == ["06:01"]
    _, running, *_ = world.made()
    world.carry(running)
    assert world.started() == ["06:02"]


def test_a_renamed_schedule_keeps_its_past() -> None:
    world = Ordered()
    (first,) = world.minutes(1)
    world.carry(first, RunStatus.FAILED)
    world.task({**MINUTELY, "name": "renamed", "id": "minutely"}, **world.facts)
    world.minutes(1)
    assert world.started() == []


def test_a_task_that_is_defined_anew_has_no_past() -> None:
    world = Ordered()
    (first,) = world.minutes(1)
    world.carry(first, RunStatus.FAILED)
    world.delete()
    world.task(MINUTELY, **world.facts)
    world.minutes(1)
    assert world.started() == ["06:02"]


def test_runs_by_hand_neither_wait_nor_block() -> None:
    world = Ordered()
    (first,) = world.minutes(1)
    world.carry(first, RunStatus.FAILED)
    request = RunRequest(task=TASK, parameters={}, actor="test")
    by_hand = world.services.task_runs.run_once(request, world.engine)
    assert set(world.engine.dispatcher("main").leases) == {by_hand.run_id}
    world.carry(by_hand)
    world.tick(minutes=1)
    assert not world.engine.dispatcher("main").leases, (
        "a run without a fire time does not repair one"
    )


def test_without_the_rule_the_waiting_runs_start() -> None:
    world = Ordered()
    first, *_ = world.minutes(4)
    world.carry(first, RunStatus.FAILED)
    world.task(MINUTELY)
    world.reconcile()
    assert world.started() == ["06:02", "06:03", "06:04"]


def test_a_backfill_goes_one_by_one_and_stops_at_a_failure() -> None:
    world = Ordered(DAILY)
    world.clock.now = SIX.replace(hour=7)
    begin, end = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC)
    world.backfill(begin, end)
    first, second, third, _ = world.made()
    leases = world.engine.dispatcher("main").leases
    assert set(leases) == {first.run_id}
    world.carry(first)
    world.carry(second, RunStatus.FAILED)
    assert set(leases) == set()
    world.clock.advance(minutes=1)
    world.backfill(begin, end, redo=Redo.FAILED)
    (again,) = [run for run in world.made() if run.rerun_of == second.run_id]
    assert set(leases) == {again.run_id}
    world.carry(again)
    assert set(leases) == {third.run_id}


def test_a_backfill_from_the_newest_on_contradicts_the_rule() -> None:
    world = Ordered(DAILY)
    begin, end = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC)
    with pytest.raises(Invalid, match="NewestFirst contradicts dependsOnPast"):
        world.backfill(begin, end, order=BackfillOrder.NEWEST_FIRST)


def test_a_lost_release_is_repeated_by_the_reconciler() -> None:
    world = Ordered()
    first, _, third = world.minutes(3)
    world.end(first)
    assert world.started() == []
    world.reconcile()
    assert world.started() == ["06:02"]
    assert world.fresh(third).unmet


@pytest.mark.slow
def test_at_most_a_hundred_runs_of_a_schedule_wait() -> None:
    world = Ordered()
    first, *_ = world.minutes(1)
    world.carry(first, RunStatus.FAILED)
    world.clock.advance(minutes=MAX_WAITING + 1)
    world.task({**MINUTELY, "misfire": "All", "catchUpSeconds": 86_400}, **world.facts)
    for _ in range(4):
        world.tick(seconds=1)
    waiting = world.made(RunStatus.QUEUED)
    assert len(waiting) == MAX_WAITING
    skipped = world.made(RunStatus.SKIPPED)
    kinds = {run.skip.kind for run in skipped if run.skip}
    assert kinds == {SkipKind.PAST}


def test_a_task_with_dependencies_runs_its_fire_times_in_order() -> None:
    world = Ordered()
    world.define(Kind.TASK, {"name": "up", "job": "load", "schedules": [MINUTELY]})
    edge = {"task": "up", "take": "Window"}
    world.task(MINUTELY, dependencies=[edge], **world.facts)
    world.minutes(3)
    first, second, third = world.made(task="up")
    world.carry(second)
    world.carry(third)
    assert world.made() == [], "the fire time of 06:01 still waits for its window"
    world.carry(first)
    runs = world.made()
    assert [f"{run.scheduled_time:%H:%M}" for run in runs] == ["06:01", "06:02", "06:03"]
    assert world.started() == ["06:01"]
    world.carry(runs[0], RunStatus.FAILED)
    assert world.started() == []
    world.carry(world.rerun(runs[0]))
    assert world.started() == ["06:02"]


def test_the_explanation_names_the_run_that_blocks() -> None:
    world = Ordered()
    first, second = world.minutes(2)
    explain = lambda: world.services.explanations.run(second.run_id, world.engine).sentences  # noqa: E731
    assert explain() == (
        f"The run waits for run {first.run_id} of 2026-03-02T06:01:00Z, which has not ended.",
    )
    world.carry(first, RunStatus.FAILED)
    assert "ended as Failed: run it again, and this run follows" in explain()[0]


@pytest.mark.parametrize(
    ("schedules", "path"),
    [([], "dependsOnPast"), ([{**DAILY, "overlap": "CancelRunning"}], "schedules[0].overlap")],
)
def test_a_rule_that_cannot_hold_is_refused(schedules: list[dict[str, Any]], path: str) -> None:
    world = Scheduled()
    with pytest.raises(Invalid) as caught:
        world.task(*schedules, dependsOnPast=True)
    assert caught.value.problems[0].path == path
