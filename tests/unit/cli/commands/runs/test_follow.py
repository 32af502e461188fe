"""`polysync follow`, also of a whole graph run, and `polysync logs --follow`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.cli.api.client import ApiClient
from polysync_core.cli.api.graph_run_follower import GraphRunFollower, GraphRunState
from tests.unit.cli.conftest import Invoke, build_run, event
from tests.unit.cli.fake_api import Answer, FakeApi, Lost, Stream

EVENTS = ("GET", "/task-runs/r-1/events")
RUN = ("GET", "/task-runs/r-1")


class Clock:
    """A clock that advances only by `sleep`."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def _virtual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a graph run be followed in virtual time."""
    clock = Clock()
    original = GraphRunFollower.__init__

    def init(self: GraphRunFollower, *args: Any, **options: Any) -> None:
        original(self, *args, **options, sleep=clock.sleep, monotonic=clock.monotonic)

    monkeypatch.setattr(GraphRunFollower, "__init__", init)


def a_node(task: str, status: str | None = None, **fields: Any) -> dict[str, Any]:
    last = None if status is None else {"status": status}
    return {"task": task, "job": "j", "enabled": True, "lastRun": last, **fields}


def serve(api: FakeApi, *states: list[dict[str, Any]], nodes: list[dict[str, Any]]) -> None:
    """Serve the states of a graph run, the newest run first in each."""
    pages = [Answer({"items": each, "continuationToken": None}) for each in states]
    api.on("GET", "/task-runs", *pages)
    edges = [{"from": "extract", "to": "load", "condition": "OnSuccess"}]
    api.on("GET", "/graph", Answer({"nodes": nodes, "edges": edges}))


def a_task_run(task: str, status: str, **fields: Any) -> dict[str, Any]:
    return build_run(status, task=task, **{"runId": f"r-{task}", **fields})


def followed(api: FakeApi) -> tuple[list[GraphRunState], Clock]:
    clock = Clock()
    with ApiClient(api.url) as client:
        follower = GraphRunFollower(client, "g-1", sleep=clock.sleep, monotonic=clock.monotonic)
        return list(follower.states()), clock


class TestGraphRun:
    def test_runs_appear_as_they_start_and_pending_tasks_name_what_they_await(
        self, api: FakeApi
    ) -> None:
        running = a_task_run("extract", "Running")
        done = a_task_run("extract", "Succeeded")
        serve(
            api,
            [running],
            [running],
            [a_task_run("load", "Running"), done],
            [a_task_run("load", "Succeeded"), done],
            nodes=[a_node("extract"), a_node("load"), a_node("off", enabled=False)],
        )

        states, _ = followed(api)

        shown = [[(run.title, run.status) for run in state.runs] for state in states]
        assert shown == [
            [("extract", "Running")],
            [("extract", "Succeeded"), ("load", "Running")],
            [("extract", "Succeeded"), ("load", "Succeeded")],
        ]
        assert [(each.task, each.awaited) for each in states[0].pending] == [("load", ["extract"])]
        assert states[-1].succeeded

    def test_a_task_that_never_starts_ends_the_follow_after_a_while(self, api: FakeApi) -> None:
        serve(
            api,
            [a_task_run("extract", "Failed")],
            nodes=[a_node("extract"), a_node("load")],
        )

        states, clock = followed(api)

        assert len(states) == 1
        assert not states[0].succeeded
        assert 5 <= clock.now <= 30

    def test_a_queued_run_names_what_holds_it(self, api: FakeApi) -> None:
        queued = a_task_run("extract", "Queued")
        serve(api, [queued], [a_task_run("extract", "Succeeded")], nodes=[a_node("extract")])
        reason = {"waitingFor": [{"sentence": "The cap is full."}]}
        api.on("GET", "/task-runs/r-extract/explain", Answer(reason))

        states, _ = followed(api)

        assert states[0].waits == {"r-extract": "The cap is full."}

    def test_a_retry_counts_by_its_newest_run(self, api: FakeApi) -> None:
        runs = [a_task_run("extract", "Succeeded"), a_task_run("extract", "Failed", runId="r-0")]
        serve(api, runs, nodes=[a_node("extract")])
        states, _ = followed(api)
        assert [run.run_id for run in states[-1].runs] == ["r-extract"]


@pytest.mark.usefixtures("_virtual")
def test_a_graph_run_is_followed_by_one_of_its_runs(api: FakeApi, polysync: Invoke) -> None:
    api.on(*RUN, Answer(build_run("Running")))
    done = [a_task_run("extract", "Succeeded", outputs={"rows": 5})]
    serve(api, [a_task_run("extract", "Running")], done, nodes=[a_node("extract")])

    result = polysync("follow", "r-1", "--graph")

    assert result.exit_code == 0, result.output
    assert [line.split("  ", 1)[1] for line in result.stderr.splitlines()] == [
        "extract  Running",
        "extract  Succeeded  rows=5",
    ]
    assert "rows=5" in result.stdout
    assert api.requests_of("GET", "/graph")[0].query == {"graphRunId": "g-1"}
    answer = json.loads(polysync("follow", "r-1", "--graph", "--json").stdout)
    assert [run["runId"] for run in answer["items"]] == ["r-extract"]


@pytest.mark.usefixtures("_virtual")
def test_an_outage_of_a_graph_run_is_reported(api: FakeApi, polysync: Invoke) -> None:
    api.on(*RUN, Answer(build_run("Running")))
    serve(api, [a_task_run("extract", "Failed")], nodes=[a_node("extract")])
    api.on("GET", "/graph", Lost(), Answer({"nodes": [a_node("extract")], "edges": []}))

    result = polysync("follow", "r-1", "--graph")

    assert result.exit_code == 1
    assert "no answer, trying again" in result.stderr


def test_an_interrupt_of_a_graph_run_names_the_command_that_resumes(
    api: FakeApi, polysync: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.on(*RUN, Answer(build_run("Running")))
    serve(api, [a_task_run("extract", "Running")], nodes=[a_node("extract")])

    def interrupt(_self: GraphRunFollower) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(GraphRunFollower, "states", interrupt)
    result = polysync("follow", "r-1", "--graph", "--url", api.url + "/")

    assert result.exit_code == 130
    assert f"polysync follow g-1 --graph --url {api.url}/\n" in result.stderr


def test_a_run_is_followed_again(api: FakeApi, polysync: Invoke) -> None:
    api.on(*RUN, Answer(build_run("Running")))
    api.on(*EVENTS, Stream([event(1, build_run("Running")), event(2, build_run("Failed"))]))

    result = polysync("follow", "r-1")

    assert result.exit_code == 1
    assert "Failed" in result.stderr
    assert "Status       Failed" in result.stdout
    assert polysync("follow").exit_code == 2
    assert polysync("follow", "5", "--job", "k", "--graph").exit_code == 2


def test_logs_follow_a_run_and_show_each_failed_attempt_once(
    api: FakeApi, polysync: Invoke
) -> None:
    failed = build_run("Failed")
    retried = {**failed, "status": "Queued", "finishedAt": None}
    api.on(*RUN, Answer(retried))
    api.on(*EVENTS, Stream([event(1, retried), event(2, retried), event(3, failed)]))
    logs = {"attempt": 1, "cause": "Artefact", "error": "It failed.", "state": "Kept", "parts": []}
    api.on("GET", "/task-runs/r-1/logs", Answer(logs))

    result = polysync("logs", "r-1", "--follow")

    assert result.exit_code == 1
    assert result.stdout.count("It failed.") == 1
    assert api.requests_of("GET", "/task-runs/r-1/logs")[0].query == {"attempt": "1"}
    assert polysync("logs", "r-1", "--follow", "--attempt", "1").exit_code == 2
