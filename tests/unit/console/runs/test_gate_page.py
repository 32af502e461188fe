"""The page of the gate of a Task."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dependencies.tokens import token_of
from polysync_core.domain.runs.run import RunStatus
from tests.unit.console.runs.runs_world import RunsWorld, text_of


@pytest.fixture
def world() -> RunsWorld:
    world = RunsWorld()
    edges = [{"task": "load"}, {"task": "clean", "condition": "OnFailure"}]
    world.app.define(Task(name="report", job="sales-load", dependencies=edges))  # type: ignore[arg-type]
    return world


def test_a_task_without_dependencies_has_no_gate(world: RunsWorld) -> None:
    tree = world.get("/tasks/load/gate")
    assert "depends on no other Task" in text_of(tree.css_first(".empty"))


def test_an_empty_gate_names_its_edges_and_conditions(world: RunsWorld) -> None:
    tree = world.get("/tasks/report/gate")
    assert tree.css_first("h1").text() == "Gate of report"
    assert "it awaits one outcome of each upstream" in text_of(tree.css_first("main"))
    assert [text_of(item) for item in tree.css("aside li")] == [
        "load must succeed",
        "clean must fail",
    ]


def test_each_graph_run_shows_what_has_come_and_what_is_awaited(world: RunsWorld) -> None:
    run = world.end(world.accept())
    token = token_of(run)
    world.app.services.ports.gates.deliver("report", token)
    table = world.get("/tasks/report/gate").css_first("table")
    rows = [text_of(row) for row in table.css("tbody tr")]
    assert rows[0].startswith("load must succeed Succeeded meets the condition")
    assert run.run_id[:8] in rows[0]
    assert rows[1].startswith("clean must fail awaited")


def test_an_outcome_that_does_not_meet_its_condition_says_so(world: RunsWorld) -> None:
    run = world.end(world.accept(), RunStatus.FAILED)
    world.app.services.ports.gates.deliver("report", token_of(run))
    assert "does not meet the condition" in text_of(
        world.get("/tasks/report/gate").css_first("table")
    )


def test_a_disabled_task_says_so(world: RunsWorld) -> None:
    task = world.app.services.definitions.task("report")
    world.app.define(task.model_copy(update={"enabled": False}))
    assert "disabled" in text_of(world.get("/tasks/report/gate").css_first(".notice"))


def test_an_unknown_task_is_not_found(world: RunsWorld) -> None:
    assert world.app.browser.get("/tasks/nothing/gate").status_code == 404
