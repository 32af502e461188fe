"""The comparison of a graph run with the one before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from polysync_core.domain.errors import NotFound
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.builders import run_id
from tests.unit.application.dependencies.test_graph_view import World


@pytest.fixture
def world() -> World:
    return World()


def a_graph_run(world: World, name: str, **outputs: int) -> None:
    root = run_id(name)
    world.ran("landing", run_id=root, graph_run_id=root)
    world.ran("bronze", graph_run_id=root, outputs=outputs)


def test_the_newest_earlier_graph_run_of_the_root_is_compared(world: World) -> None:
    a_graph_run(world, "first", rows=1)
    a_graph_run(world, "second", rows=1, extra=5)
    a_graph_run(world, "third", rows=2, extra=5)
    found = world.app.services.comparisons.with_previous(run_id("third"))
    assert found is not None
    assert found.before == run_id("second")
    by_task = {each.task: each for each in found.tasks}
    assert list(by_task) == ["landing", "bronze"]
    assert by_task["bronze"].changed_outputs == {"rows": (1, 2)}
    assert by_task["bronze"].is_changed
    assert not by_task["landing"].is_changed


def test_durations_and_statuses_are_compared(world: World) -> None:
    a_graph_run(world, "first")
    root = run_id("second")
    world.ran("landing", run_id=root, graph_run_id=root)
    world.ran("bronze", RunStatus.FAILED, graph_run_id=root)
    found = world.app.services.comparisons.with_previous(root)
    assert found is not None
    bronze = next(each for each in found.tasks if each.task == "bronze")
    assert bronze.is_changed
    assert bronze.slower_by is None


def test_a_task_that_ran_in_one_graph_run_only_is_listed(world: World) -> None:
    a_graph_run(world, "first")
    root = run_id("second")
    world.ran("landing", run_id=root, graph_run_id=root)
    found = world.app.services.comparisons.with_previous(root)
    assert found is not None
    assert [(each.task, each.run is None) for each in found.tasks] == [
        ("landing", False),
        ("bronze", True),
    ]


def test_a_partial_rerun_is_compared_with_the_graph_run_that_it_repeats(world: World) -> None:
    a_graph_run(world, "first", rows=1)
    a_graph_run(world, "second", rows=2)
    root = run_id("again")
    world.ran("bronze", run_id=root, graph_run_id=root, repeats=(run_id("first"),))
    found = world.app.services.comparisons.with_previous(root)
    assert found is not None
    assert found.before == run_id("first")
    assert [each.task for each in found.tasks] == ["bronze"]


def test_the_first_graph_run_has_nothing_before_it(world: World) -> None:
    a_graph_run(world, "first")
    comparisons = world.app.services.comparisons
    assert comparisons.with_previous(run_id("first")) is None
    with pytest.raises(NotFound):
        comparisons.with_previous(run_id("nothing"))


def test_the_difference_of_durations_is_positive_for_a_slower_run(world: World) -> None:
    for name, seconds in (("first", 5), ("second", 8)):
        root = run_id(name)
        run = world.ran("landing", run_id=root, graph_run_id=root, started_at=None)
        stored = world.app.services.ports.runs.get(root)
        assert stored is not None
        start = run.queued_at
        changed = {"started_at": start, "finished_at": start + timedelta(seconds=seconds)}
        world.app.services.ports.runs.save(stored, replace(run, **changed))
    found = world.app.services.comparisons.with_previous(run_id("second"))
    assert found is not None
    assert found.tasks[0].slower_by == timedelta(seconds=3)
