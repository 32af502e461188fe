"""Tests of the graph of all Tasks, of one Task, and of a graph run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.application.dependencies import graph_view as graph_module
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Invalid, NotFound
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.stored import RunHead
from tests.fakes.app import FakeApp
from tests.fakes.builders import NOON, a_job, a_platform, a_run, run_id
from tests.fakes.tables import Call

ROOT = run_id("root")


def a_task(name: str, *upstream: str, **facts: Any) -> Task:
    edges = [{"task": each} for each in upstream]
    return Task(**{"name": name, "job": "sales-load", "dependencies": edges, **facts})


class World:
    """Tasks that depend on each other.

    landing -> bronze -> silver -> gold
                    \\-> audit        \\-> (failed: alert)   and, apart: lonely
    """

    def __init__(self) -> None:
        edge = {"task": "silver", "condition": "OnFailure"}
        mapped = {"task": "silver", "mappings": [{"output": "rows", "input": "expected"}]}
        self.app = FakeApp(
            a_platform(),
            a_job(),
            a_task("landing", schedules=[{"name": "daily", "cron": "0 12 * * *"}]),
            a_task("bronze", "landing"),
            a_task("silver", "bronze"),
            a_task("audit", "bronze", enabled=False),
            a_task("alert", dependencies=[edge]),
            a_task("gold", dependencies=[mapped]),
            a_task("lonely"),
        )
        self.graphs = self.app.services.graphs
        self.count = 0

    def ran(self, task: str, status: RunStatus = RunStatus.SUCCEEDED, **facts: Any) -> TaskRun:
        minutes = self.count
        self.count += 1
        facts = {
            "run_id": run_id(f"{task}/{minutes}"),
            "queued_at": NOON + timedelta(minutes=minutes),
            "graph_run_id": ROOT,
            "finished_at": NOON,
            **facts,
        }
        run = a_run(task=task, status=status, **facts)
        runs = self.app.services.ports.runs
        runs.index_active(run)
        runs.insert(run)
        if status.is_terminal:
            runs.deactivate(run)
        return run


@pytest.fixture
def world() -> World:
    return World()


def names(graph: graph_module.Graph) -> list[str]:
    return [node.task for node in graph.nodes]


def edges(graph: graph_module.Graph) -> set[tuple[str, str]]:
    return {(edge.upstream, edge.downstream) for edge in graph.edges}


def test_every_task_comes_after_its_upstreams(world: World) -> None:
    graph = world.graphs.of_tasks()
    order = names(graph)
    assert sorted(order) == ["alert", "audit", "bronze", "gold", "landing", "lonely", "silver"]
    assert all(order.index(one) < order.index(other) for one, other in edges(graph))
    assert len(graph.edges) == 5


def test_the_graph_of_a_task_has_only_its_ancestors_and_descendants(world: World) -> None:
    graph = world.graphs.of_tasks("silver")
    assert sorted(names(graph)) == ["alert", "bronze", "gold", "landing", "silver"]
    assert edges(graph) == {
        ("landing", "bronze"),
        ("bronze", "silver"),
        ("silver", "gold"),
        ("silver", "alert"),
    }


def test_a_task_without_dependencies_is_a_graph_of_one_node(world: World) -> None:
    assert names(world.graphs.of_tasks("lonely")) == ["lonely"]


def test_an_unknown_task_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="There is no task 'nothing'"):
        world.graphs.of_tasks("nothing")


def test_a_node_shows_its_newest_run_and_its_next_fire_time(world: World) -> None:
    world.ran("landing", RunStatus.FAILED)
    newest = world.ran("landing")
    nodes = {node.task: node for node in world.graphs.of_tasks().nodes}
    assert nodes["landing"].last_run == RunHead.of(newest)
    assert nodes["landing"].next_fire_time == NOON + timedelta(days=1)
    assert nodes["gold"].last_run is None


def test_a_graph_run_shows_its_own_runs_and_the_tasks_that_have_not_run_yet(world: World) -> None:
    world.ran("landing", RunStatus.FAILED, graph_run_id=run_id("older"))
    world.ran("landing", run_id=ROOT)
    world.ran("bronze", RunStatus.FAILED)
    repeated = world.ran("bronze")
    world.ran("silver", RunStatus.RUNNING, finished_at=None)
    world.ran("gold", RunStatus.FAILED, graph_run_id=run_id("newer"))

    graph = world.graphs.of_graph_run(ROOT)

    runs = {node.task: node.last_run for node in graph.nodes}
    assert set(runs) == {"landing", "bronze", "silver", "gold", "alert", "audit"}
    assert runs["bronze"] == RunHead.of(repeated)
    assert runs["silver"] and runs["silver"].status is RunStatus.RUNNING
    assert runs["gold"] is None


def test_the_graph_of_a_graph_run_can_be_limited_to_one_task(world: World) -> None:
    world.ran("landing", run_id=ROOT)
    world.ran("audit", RunStatus.SKIPPED)
    graph = world.graphs.of_graph_run(ROOT, "gold")
    assert [(node.task, node.last_run is not None) for node in graph.nodes] == [
        ("landing", True),
        ("bronze", False),
        ("silver", False),
        ("gold", False),
    ]


def test_a_graph_run_shows_a_task_that_was_deleted(world: World) -> None:
    world.ran("landing", run_id=ROOT)
    world.ran("gone")
    nodes = {node.task: node for node in world.graphs.of_graph_run(ROOT).nodes}
    assert (nodes["gone"].job, nodes["gone"].enabled) == ("sales-load", False)


@pytest.mark.slow
def test_a_graph_run_of_many_pages_is_read_completely(world: World) -> None:
    world.ran("landing", run_id=ROOT)
    for number in range(250):
        world.ran(f"t{number}")
    assert len(world.graphs.of_graph_run(ROOT).nodes) == 250 + 6


def test_an_unknown_graph_run_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="no graph run"):
        world.graphs.of_graph_run(RunId("r" + "a" * 25))


def test_too_many_tasks_are_refused_with_advice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_module, "MAX_NODES", 5)
    with pytest.raises(Invalid, match="more than 5 tasks: name a task") as caught:
        world.graphs.of_tasks()
    assert caught.value.problems[0].path == "task"
    assert len(world.graphs.of_tasks("silver").nodes) == 5


def test_the_api_shows_nodes_and_edges(world: World) -> None:
    run = world.ran("silver", RunStatus.FAILED)
    answer = world.app.http.get("/graph", params={"task": "gold"}).json()
    assert answer["nodes"][0] == {
        "task": "landing",
        "job": "sales-load",
        "platform": "lakehouse",
        "jobType": "DatabricksNotebook",
        "enabled": True,
        "schedules": 1,
        "lastRun": None,
        "nextFireTime": "2026-03-02T12:00:00.000Z",
    }
    assert answer["nodes"][2]["lastRun"] == {
        "runId": run.run_id,
        "status": "Failed",
        "finishedAt": "2026-03-01T12:00:00.000Z",
    }
    assert answer["edges"][1] == {
        "from": "silver",
        "to": "gold",
        "condition": "OnSuccess",
        "when": None,
        "take": "Each",
        "mappings": [{"output": "rows", "input": "expected"}],
    }


@pytest.mark.parametrize(
    ("query", "status"),
    [({"task": "x/../y"}, 404), ({"task": ""}, 404), ({"graphRunId": "nonsense"}, 404)],
)
def test_the_api_answers_404_for_an_unknown_task_or_graph_run(
    world: World, query: dict[str, str], status: int
) -> None:
    assert world.app.http.get("/graph", params=query).status_code == status


def test_a_node_counts_the_schedules_that_do_not_fire() -> None:
    daily = {"cron": "0 12 * * *"}
    schedules = [
        {"name": "on", **daily},
        {"name": "off", **daily, "enabled": False},
        {"name": "paused", **daily},
    ]
    app = FakeApp(a_platform(), a_job(), a_task("t", schedules=schedules))
    app.services.schedules.pause("t", schedule="paused", reason="moving", by="ann")

    (node,) = app.services.graphs.of_tasks().nodes

    assert (node.schedules, node.paused_schedules, node.disabled_schedules) == (3, 1, 1)
    assert node.next_fire_time is not None


@pytest.mark.slow
def test_the_reads_of_a_graph_do_not_grow_with_its_tasks() -> None:
    def reads(count: int) -> Counter[str]:
        tasks = [
            a_task(f"t{number:03}", schedules=[{"name": "daily", "cron": "0 12 * * *"}])
            for number in range(count)
        ]
        app = FakeApp(a_platform(), a_job(), *tasks)
        counted: Counter[str] = Counter()

        def count_call(call: Call, do: Callable[[], Any]) -> Any:
            counted[str(call)] += 1
            return do()

        run = a_run(task="t001", run_id=run_id("r"), graph_run_id=run_id("r"))
        app.services.ports.runs.index_active(run)
        app.services.ports.runs.insert(run)
        app.tables.intercept = count_call
        assert len(app.services.graphs.of_tasks().nodes) == count
        return counted

    assert reads(90) == reads(30)


@pytest.mark.parametrize(
    ("hops", "expected"),
    [
        (1, ["bronze", "silver", "alert", "gold"]),
        (2, ["landing", "bronze", "silver", "alert", "gold"]),
        (None, ["landing", "bronze", "silver", "alert", "gold"]),
    ],
)
def test_the_relatives_of_a_task_are_bounded_by_hops(
    world: World, hops: int | None, expected: list[str]
) -> None:
    assert sorted(names(world.graphs.of_relatives(["silver"], hops=hops))) == sorted(expected)


def test_the_relatives_of_several_tasks_are_joined_without_unknown_tasks(
    world: World,
) -> None:
    graph = world.graphs.of_relatives(["lonely", "nothing", "audit"], hops=1)
    assert sorted(names(graph)) == ["audit", "bronze", "lonely"]
    with pytest.raises(NotFound):
        world.graphs.of_relatives(["nothing"])
    assert names(world.graphs.of_relatives([])) == []


def test_a_graph_of_named_tasks_has_the_dependencies_between_them(world: World) -> None:
    graph = world.graphs.of_names(["silver", "gold", "landing", "nothing"])
    assert sorted(names(graph)) == ["gold", "landing", "silver"]
    assert edges(graph) == {("silver", "gold")}
