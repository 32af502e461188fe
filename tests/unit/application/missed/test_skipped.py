"""Skipped runs, grouped by the run that is their root cause."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from polysync_core.application.missed import list_limits
from polysync_core.application.missed.missed_work import MissedWork
from polysync_core.application.missed.skipped import SkippedGroup
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.runs.skip import RootCause, SkipKind
from tests.fakes.gates import GateWorld, after

FAILED, CANCELLED, SUCCEEDED = RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.SUCCEEDED


def task(name: str, *upstreams: str, **facts: Any) -> Task:
    return Task(name=name, job="job", dependencies=after(*upstreams), **facts)


def alert(name: str, upstream: str, condition: Condition = Condition.ON_FAILURE) -> Task:
    return Task(name=name, job="job", dependencies=after(upstream, condition=condition))


def missed(world: GateWorld) -> MissedWork:
    return world.services.missed_work.since(None)


def groups(world: GateWorld) -> list[SkippedGroup]:
    return list(missed(world).skipped.items)


def tasks_of(group: SkippedGroup) -> list[str | None]:
    return [run.task for run in group.runs]


def test_all_runs_below_a_failed_run_are_one_group() -> None:
    world = GateWorld(task("a"), task("b", "a"), task("c", "b"), task("d", "c", "a"))
    root = world.run("a", FAILED)
    (group,) = groups(world)
    assert (group.root.task, group.root.run_id, group.root.status) == ("a", root.run_id, FAILED)
    assert tasks_of(group) == ["b", "c", "d"]
    assert group.graph_run_id == root.graph_run_id
    assert not group.is_by_design
    for run in group.runs:
        assert run.skip is not None
        assert run.skip.kind is SkipKind.UPSTREAM
        assert run.skip.root == RootCause(task="a", run_id=root.run_id, status=FAILED)


def test_two_failures_of_one_task_are_two_groups_newest_first() -> None:
    world = GateWorld(task("a"), task("b", "a"))
    first, second = world.run("a", FAILED), world.run("a", CANCELLED)
    assert [each.root.run_id for each in groups(world)] == [second.run_id, first.run_id]
    assert [each.root.status for each in groups(world)] == [CANCELLED, FAILED]


def test_a_branch_after_a_success_is_by_design_with_all_below_it() -> None:
    world = GateWorld(task("a"), alert("on-failure", "a"), task("page", "on-failure"))
    world.run("a")
    (group,) = groups(world)
    assert (group.root.task, group.root.status) == ("a", SUCCEEDED)
    assert tasks_of(group) == ["on-failure", "page"]
    assert group.is_by_design


def test_an_unused_branch_for_skipped_runs_is_by_design() -> None:
    world = GateWorld(task("a"), alert("if-skipped", "a", Condition.ON_SKIPPED))
    world.run("a")
    (group,) = groups(world)
    assert group.is_by_design


def test_a_failure_takes_precedence_over_a_branch_that_was_not_taken() -> None:
    both = Task(
        name="both",
        job="job",
        dependencies=(*after("ok", condition=Condition.ON_FAILURE), *after("bad")),
    )
    world = GateWorld(task("root"), task("ok", "root"), task("bad", "root"), both)
    bad, ok = sorted(world.carry(world.start("root")), key=lambda run: str(run.task))
    world.carry(ok)
    world.carry(bad, FAILED)
    (group,) = groups(world)
    assert (group.root.task, group.root.status) == ("bad", FAILED)


def test_a_disabled_task_is_the_root_of_the_runs_below_it() -> None:
    world = GateWorld(task("a"), task("b", "a", enabled=False), task("c", "b"))
    world.run("a")
    (group,) = groups(world)
    assert (group.root.task, group.root.status) == ("b", RunStatus.SKIPPED)
    assert group.root.error == "Task 'b' is disabled."
    assert [run.skip and run.skip.kind for run in group.runs] == [
        SkipKind.TASK_DISABLED,
        SkipKind.UPSTREAM,
    ]


def test_a_later_success_of_the_root_is_named() -> None:
    world = GateWorld(task("a"), task("b", "a"))
    world.run("a")
    world.run("a", FAILED)
    (group,) = groups(world)
    assert group.recovered_by is None
    success = world.run("a")
    (group,) = groups(world)
    assert group.recovered_by == success.run_id


def test_the_error_of_the_root_is_shown() -> None:
    world = GateWorld(task("a"), task("b", "a"))
    world.run("a", FAILED)
    assert groups(world)[0].root.error == "over"


def test_a_group_whose_root_was_purged_names_the_root() -> None:
    world = GateWorld(task("a"), task("b", "a"))
    root = world.run("a", FAILED)
    del world.app.tables.tables["Runs"][root.run_id, root.run_id]
    (group,) = groups(world)
    assert (group.root.task, group.root.run_id, group.root.status) == ("a", root.run_id, FAILED)


def test_the_period_and_the_number_are_bounded(monkeypatch: Any) -> None:
    world = GateWorld(task("a"), task("b", "a"))
    for _ in range(4):
        world.run("a", FAILED)
    assert (len(groups(world)), missed(world).skipped.is_complete) == (4, True)
    monkeypatch.setattr(list_limits, "MAX_EXAMINED", 3)
    assert (len(groups(world)), missed(world).skipped.is_complete) == (3, False)
    world.app.clock.advance(days=8)
    assert (groups(world), missed(world).skipped.is_complete) == ([], True)
    longer = world.services.missed_work.since(world.app.clock() - timedelta(days=9))
    assert len(longer.skipped.items) == 3
