"""Tests for the route that shows the gate of a Task."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dependencies.tokens import ScheduledFire
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.builders import NOON
from tests.fakes.gates import GateWorld, after


@pytest.fixture
def world() -> GateWorld:
    schedule = Schedule(name="daily", cron="0 6 * * *")
    end = Task(name="end", job="job", dependencies=after("root", "slow"), schedules=(schedule,))
    return GateWorld(
        Task(name="root", job="job"), Task(name="slow", job="job", dependencies=after("root")), end
    )


def gate_of(world: GateWorld, task: str) -> Any:
    return world.app.http.get(f"/tasks/{task}/gate")


def test_a_gate_shows_its_edges_its_groups_and_the_missing_outcomes(world: GateWorld) -> None:
    root = world.run("root", RunStatus.SUCCEEDED)
    fire = ScheduledFire(schedule="daily", scheduled_time=NOON, time_zone="UTC")
    world.gates.deliver_fire_time("end", fire)
    answer = gate_of(world, "end").json()
    assert (answer["task"], answer["enabled"], answer["groupCount"]) == ("end", True, 2)
    edges = {edge["upstream"]: edge for edge in answer["edges"]}
    (token,) = edges["root"]["tokens"]
    assert (token["runId"], token["graphRunId"], token["met"]) == (root.run_id, root.run_id, True)
    assert (edges["slow"]["held"], edges["slow"]["tokens"]) == (0, [])
    (fired,) = edges["@schedule"]["tokens"]
    assert (fired["runId"], fired["schedule"], fired["scheduledTime"]) == (
        None,
        "daily",
        "2026-03-01T12:00:00.000Z",
    )
    groups = {tuple(group["has"]): group for group in answer["groups"]}
    assert groups["root",]["graphRunIds"] == [root.run_id]
    assert groups["root",]["awaits"] == ["slow"]
    assert groups["@schedule",]["awaitsFromOtherGraphRuns"] == ["root", "slow"]
    assert (
        f"Graph run {root.run_id} has an outcome of task 'root'; it awaits task 'slow'."
        in (answer["sentences"])
    )


def test_a_task_without_dependencies_has_an_empty_gate(world: GateWorld) -> None:
    answer = gate_of(world, "root").json()
    assert (answer["edges"], answer["groups"]) == ([], [])


def test_an_unknown_task_is_not_found(world: GateWorld) -> None:
    assert gate_of(world, "unknown").status_code == 404
