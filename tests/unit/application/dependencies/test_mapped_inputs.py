"""A run names the upstream run that supplied each of its mapped inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from polysync_core.domain.definitions.tasks import Dependency, Mapping, Task
from polysync_core.domain.runs.run import MappedInput, TaskRun
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job
from tests.fakes.gates import GateWorld
from tests.fakes.runs import FakeRunTable
from tests.unit.application.runs.attempt_bench import PLATFORM

JOB = a_job(name="job", parameters=[{"name": "rows"}, {"name": "note"}])
UPSTREAM = Task(name="a", job="job")
CHILD = Task(
    name="child",
    job="job",
    dependencies=(
        Dependency(
            task="a",
            mappings=(
                Mapping(output="count", input="rows"),
                Mapping(output="text", input="note"),
            ),
        ),
    ),
)


class World:
    """An app in which the upstream has succeeded twice."""

    def __init__(self) -> None:
        self.runs = FakeRunTable()
        self.app = FakeApp(PLATFORM, JOB, UPSTREAM, CHILD, runs=self.runs)
        self.older, self.newer = self._success("1"), self._success("2")

    def _success(self, count: str) -> str:
        self.app.clock.advance(seconds=5)
        run_id = self.start("a")["runId"]
        self.runs.end(run_id, at=self.app.clock())
        ended = self.runs.rows[run_id]
        self.runs.save(ended, replace(ended.run, outputs={"count": count, "text": "x"}))
        return run_id

    def start(self, task: str, **parameters: Any) -> dict[str, Any]:
        body = {"parameters": parameters}
        run_id = self.app.http.post(f"/tasks/{task}/run", json=body).json()["runId"]
        return self.app.http.get(f"/task-runs/{run_id}").json()


def source(run: TaskRun, output: str) -> MappedInput:
    return MappedInput(task="a", run_id=run.run_id, output=output)


def test_a_dependent_run_names_its_parent() -> None:
    world = GateWorld(UPSTREAM, CHILD, job=JOB)
    parent = world.start("a")
    (child,) = world.carry(parent, count="12", text="x")
    assert child.mapped_inputs == {"rows": source(parent, "count"), "note": source(parent, "text")}
    assert world.read(child.run_id).mapped_inputs == child.mapped_inputs


def test_a_run_by_hand_names_the_newest_success() -> None:
    world = World()
    run = world.start("child")
    assert run["parameters"] == {"rows": "2", "note": "x"}
    assert run["mappedInputs"]["rows"] == {"task": "a", "runId": world.newer, "output": "count"}


def test_a_given_value_has_no_source() -> None:
    run = World().start("child", rows="7")
    assert run["parameters"]["rows"] == "7"
    assert set(run["mappedInputs"]) == {"note"}


def test_a_rerun_names_the_source_of_the_first_run() -> None:
    world = World()
    first = world.start("child")
    world.runs.end(first["runId"], at=world.app.clock())
    world._success("3")
    again = world.app.http.post(f"/task-runs/{first['runId']}/rerun").json()["runId"]
    run = world.app.http.get(f"/task-runs/{again}").json()
    assert run["parameters"]["rows"] == "2"
    assert run["mappedInputs"] == first["mappedInputs"]
