"""The figures above a list of runs, its reasons, and groups of failures."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polysync_core.application.runs.lists import failure_groups
from polysync_core.domain.definitions.contention import (
    ConcurrencyProfile,
    ConcurrencySettings,
    ProfileType,
)
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dispatch.state import DispatcherState
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TaskRun, begin_attempt, finish
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform


class World:
    """A Platform with one slot, whose runs are dispatched by the real rules."""

    def __init__(self) -> None:
        self.app = FakeApp(
            a_platform(contention_profiles=["slots"]),
            ConcurrencyProfile(
                name="slots",
                type=ProfileType.CONCURRENCY,
                settings=ConcurrencySettings(max_concurrent_tasks=1),
            ),
            a_job(),
            Task(
                name="load",
                job="sales-load",
                schedules=[{"name": "daily", "cron": "0 12 * * *"}],  # type: ignore[list-item]
            ),
        )
        self.reads = 0
        dispatcher = self.app.engine.dispatcher

        def counted(shard: str) -> DispatcherState:
            self.reads += 1
            return dispatcher(shard)

        self.app.engine.dispatcher = counted  # type: ignore[method-assign]

    def accept(self) -> TaskRun:
        run_id = RunId(self.app.http.post("/tasks/load/run").json()["runId"])
        self.app.clock.advance(seconds=1)
        return self.app.services.task_runs.get(run_id)

    def fail(self, run: TaskRun, error: str = "broken") -> None:
        now, runs = self.app.clock(), self.app.services.ports.runs
        stored = runs.get(run.run_id)
        assert stored is not None
        outcome = Outcome(
            status=RunStatus.FAILED, reason="over", cause=FailureCause.ARTEFACT, error=error
        )
        begun = begin_attempt(stored.run, at=now, actor="test")
        runs.deactivate(runs.save(stored, finish(begun, outcome, at=now, actor="test")).run)


@pytest.fixture
def world() -> World:
    return World()


def test_one_read_of_the_dispatcher_explains_all_waiting_runs(world: World) -> None:
    shown = [world.accept() for _ in range(4)]
    world.reads = 0
    overview = world.app.services.runs_overview.read(shown, world.app.engine)
    assert world.reads == 1
    assert set(overview.explained) == {run.run_id for run in shown}
    one_by_one = {
        run.run_id: world.app.services.explanations.run(run.run_id, world.app.engine).explanation
        for run in shown
    }
    assert {key: each.explanation for key, each in overview.explained.items()} == one_by_one


def test_figures_count_failures_of_a_day_and_name_the_next_fire_time(world: World) -> None:
    world.fail(world.accept())
    world.app.clock.advance(hours=23)
    world.fail(world.accept())
    world.accept()
    figures = world.app.services.runs_overview.read([], world.app.engine).figures
    assert figures.failed == 2
    assert figures.running + figures.waiting == len(
        world.app.engine.dispatcher("main").waiting
    ) + len(world.app.engine.dispatcher("main").leases)
    assert figures.next_fire is not None
    assert (figures.next_fire.task, figures.next_fire.schedule) == ("load", "daily")
    world.app.clock.advance(hours=2)
    assert world.app.services.runs_overview.read([], world.app.engine).figures.failed == 1


def test_a_dispatcher_that_does_not_answer_is_named(world: World) -> None:
    run = world.accept()

    def away(_: str) -> DispatcherState:
        raise Unavailable("The engine is starting.")

    world.app.engine.dispatcher = away  # type: ignore[method-assign]
    overview = world.app.services.runs_overview.read([run], world.app.engine)
    assert overview.figures.unreachable == ("main",)
    assert "cannot be reached" in overview.explained[run.run_id].sentences[0]


def test_failures_of_the_period_are_grouped(world: World) -> None:
    world.fail(world.accept(), "old")
    world.app.clock.advance(hours=30)
    for number in range(3):
        world.fail(world.accept(), f"run {number} broke")
    found = world.app.services.failure_groups.read(Listing())
    assert [(group.count, group.error) for group in found.groups] == [(3, "run 2 broke")]
    assert found.is_complete
    since = world.app.clock() - timedelta(days=7)
    assert len(world.app.services.failure_groups.read(Listing(since=since)).groups) == 2
    answer = world.app.http.get("/failures", params={"since": "7d"}).json()
    assert [group["count"] for group in answer["groups"]] == [3, 1]
    assert answer["isComplete"] is True


def test_groups_of_too_many_failures_are_incomplete(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_groups, "MAX_EXAMINED", 2)
    monkeypatch.setattr(failure_groups, "_PAGE", 2)
    for _ in range(3):
        world.fail(world.accept())
    found = world.app.services.failure_groups.read(Listing())
    assert (found.examined, found.is_complete) == (2, False)
