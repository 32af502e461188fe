"""Tests for the job routes of stored jobs (Execute Now)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.identity import RunId, new_run_id
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.builders import a_job
from tests.unit.api.run_api import RunApi

JOBS = [
    a_job(name=name, parameters=[{"name": "day"}, {"name": "key", "dataType": "Secret"}])
    for name in ("etl", "other")
]
TASK = Task(name="daily", job="etl")


class World(RunApi):
    """An app with two jobs and a task."""

    def run(self, job: str = "etl", **body: Any) -> str:
        self.clock.advance(seconds=1)
        return self.client.post(f"/jobs/{job}/run", json=body).json()["runId"]


@pytest.fixture(scope="module")
def shared_world() -> Iterator[World]:
    world = World(*JOBS, TASK)
    with world.client:
        yield world


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.reset()
    return shared_world


def test_execute_now_answers_with_the_status_url(world: World) -> None:
    answer = world.client.post("/jobs/etl/run", json={"params": {"day": "x"}})
    body = answer.json()
    assert answer.status_code == 200
    assert body["statusUrl"] == f"/api/jobs/etl/runs/{body['runId']}" == answer.headers["location"]
    run = world.client.get(f"/jobs/etl/runs/{body['runId']}").json()
    assert (run["task"], run["job"], run["platform"]) == (None, "etl", "lakehouse")
    assert (run["status"], run["triggerType"]) == ("Queued", "Manual")
    assert run["parameters"] == {"day": "x"}


@pytest.mark.parametrize("body", [None, {}, {"params": {}}])
def test_execute_now_needs_no_parameters(world: World, body: Any) -> None:
    assert world.client.post("/jobs/etl/run", json=body).status_code == 200


def test_one_idempotency_key_starts_one_run(world: World) -> None:
    headers = {"Idempotency-Key": "k"}
    first = world.client.post("/jobs/etl/run", headers=headers).json()
    assert world.client.post("/jobs/etl/run", headers=headers).json() == first
    other = {"params": {"day": "x"}}
    assert world.client.post("/jobs/etl/run", json=other, headers=headers).status_code == 409


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        pytest.param({"params": {"dya": 1}}, 422, "params.dya", id="an unknown parameter"),
        pytest.param({"params": {"key": "x"}}, 422, "params.key", id="a plain-text secret"),
        pytest.param({"params": [1]}, 400, "params", id="params as a list"),
        pytest.param({"params": "a=1"}, 400, "params", id="params as text"),
        pytest.param({"params": None}, 400, "params", id="params as null"),
        pytest.param({"parameters": {}}, 422, "parameters", id="an unknown field"),
        pytest.param([], 400, "", id="a list"),
    ],
)
@pytest.mark.parametrize("query", ["", "?stream=true"])
def test_an_invalid_body_is_refused_with_the_path_of_the_problem(
    world: World, body: Any, status: int, path: str, query: str
) -> None:
    answer = world.client.post(f"/jobs/etl/run{query}", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["path"] for error in answer.json()["errors"]] == [path]
    assert world.runs.writes == 0


@pytest.mark.parametrize("query", ["stream=1", "stream=TRUE", "stream=", "stream=true&stream=true"])
def test_only_stream_true_opens_a_stream(world: World, query: str) -> None:
    answer = world.client.post(f"/jobs/etl/run?{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"


def test_a_stream_shows_the_run_until_its_end(world: World) -> None:
    headers = {"Idempotency-Key": "k"}
    run_id = world.client.post("/jobs/etl/run", headers=headers).json()["runId"]
    world.end(run_id)
    answer = world.client.post("/jobs/etl/run?stream=true", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["location"] == f"/api/jobs/etl/runs/{run_id}"
    assert answer.text.startswith("\nid: ")
    lines = [line.split(": ", 1) for line in answer.text.splitlines() if ": " in line]
    event = dict(lines)
    data = json.loads(event["data"])
    assert (event["event"], event["id"]) == ("message", f"{run_id}-3-end")
    assert set(data) == {"status", "timestamp", "run"}
    assert (data["status"], data["run"]["runId"]) == ("Succeeded", run_id)
    assert data["timestamp"] == world.clock().timestamp() * 1000


def test_lists_show_one_job_in_pages(world: World) -> None:
    ids = [world.run() for _ in range(3)]
    world.run("other")
    world.client.post("/tasks/daily/run")
    first = world.client.get("/jobs/etl/runs?limit=2").json()
    token = first["continuationToken"]
    rest = world.client.get("/jobs/etl/runs", params={"continuationToken": token}).json()
    assert [run["runId"] for run in first["runs"] + rest["runs"]] == ids[::-1]
    assert rest["continuationToken"] is None
    assert len(world.client.get("/task-runs").json()["items"]) == 1


@pytest.mark.parametrize(
    ("query", "listed"),
    [("limit=2", 2), ("limit=-1", 1), ("limit=101", 3), ("limit=x", 3), ("limit=0", 3)],
)
def test_a_limit_is_clamped(world: World, query: str, listed: int) -> None:
    for _ in range(3):
        world.run()
    assert len(world.client.get(f"/jobs/etl/runs?{query}").json()["runs"]) == listed


def test_a_reconnecting_client_starts_no_second_run(world: World) -> None:
    run_id = world.run()
    world.end(run_id)
    url = "/jobs/etl/run?stream=true"
    answer = world.client.post(url, headers={"Last-Event-ID": f"{run_id}-1"})
    assert f"id: {run_id}-3-end" in answer.text
    answer = world.client.post(url, headers={"Last-Event-ID": f"{run_id}-3-end"})
    assert (answer.status_code, answer.content) == (200, b"\n")
    url = f"/jobs/etl/runs/{run_id}?stream=true"
    answer = world.client.get(url, headers={"Last-Event-ID": f"{run_id}-3-end"})
    assert (answer.status_code, answer.content) == (204, b"")
    answer = world.client.post(
        "/jobs/other/run?stream=true", headers={"Last-Event-ID": f"{run_id}-1"}
    )
    assert answer.status_code == 404
    assert len(world.runs.rows) == 1


def test_an_existing_run_can_be_streamed(world: World) -> None:
    run_id = world.run()
    world.end(run_id)
    answer = world.client.get(f"/jobs/etl/runs/{run_id}?stream=true")
    assert f"id: {run_id}-3-end\nevent: message\n" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("POST", "nothing/run", {}, 404, 'Unknown job "nothing"'),
        ("POST", "nothing/run", {"params": 1}, 404, 'Unknown job "nothing"'),
        ("GET", "no%20%3Cb%3E_Key/runs", None, 404, 'Unknown job "nob_Key"'),
        ("GET", "nothing/runs/5", None, 404, 'Unknown job "nothing"'),
        ("DELETE", "nothing/runs/5", None, 404, 'Unknown job "nothing"'),
        ("GET", "etl/runs/5", None, 404, "Not Found"),
        ("POST", "etl/run", {"params": [1]}, 400, "params must be a plain object"),
        ("POST", "etl/run", {"params": {"dya": 1}}, 422, "Invalid job parameters"),
        ("POST", "etl/run?asUser=true", {}, 400, "Bad Request"),
        ("POST", "etl/run?asUser=yes", {}, 400, "Bad Request"),
    ],
)
def test_errors_have_the_members_that_appkits_clients_read(
    world: World, method: str, path: str, body: Any, status: int, text: str
) -> None:
    answer = world.client.request(method, f"/jobs/{path}", json=body)
    problem = answer.json()
    assert (answer.status_code, problem["error"], problem["plugin"]) == (status, text, "jobs")
    assert problem["status"] == status
    assert world.runs.writes == 0


def test_errors_of_other_routes_have_no_appkit_members(world: World) -> None:
    assert "plugin" not in world.client.get("/task-runs/5").json()


def test_the_status_describes_the_newest_run(world: World) -> None:
    assert world.client.get("/jobs/etl/status").json() == {"status": None, "run": None}
    world.end(world.run())
    newest = world.run()
    answer = world.client.get("/jobs/etl/status").json()
    assert (answer["status"], answer["run"]["runId"]) == ("Queued", newest)


def test_a_cancellation_has_no_content_also_the_second_time_and_after_the_end(world: World) -> None:
    for run_id, status in ((world.run(), "Cancelled"), (world.run(), "Succeeded")):
        if status == "Succeeded":
            world.end(run_id)
        for _ in range(2):
            answer = world.client.delete(f"/jobs/etl/runs/{run_id}")
            assert (answer.status_code, answer.content) == (204, b"")
        assert world.client.get(f"/jobs/etl/runs/{run_id}").json()["status"] == status


def test_a_run_of_another_job_is_not_found(world: World) -> None:
    other = world.run("other")
    task_run = world.client.post("/tasks/daily/run").json()["runId"]
    for run_id in (other, task_run, new_run_id(), "nonsense"):
        for method in ("GET", "DELETE"):
            answer = world.client.request(method, f"/jobs/etl/runs/{run_id}")
            assert answer.status_code == 404
    assert world.runs.rows[RunId(other)].run.status is RunStatus.QUEUED


@pytest.mark.parametrize(("method", "path"), [("POST", "run"), ("GET", "runs"), ("GET", "status")])
def test_an_unknown_job_is_not_found(world: World, method: str, path: str) -> None:
    answer = world.client.request(method, f"/jobs/nothing/{path}")
    assert answer.status_code == 404
    assert "nothing" in answer.json()["detail"]


def test_the_task_run_routes_show_a_run_of_a_job_too(world: World) -> None:
    run_id = world.run()
    world.end(run_id)
    assert world.client.get(f"/task-runs/{run_id}").json()["task"] is None
    history = world.client.get(f"/task-runs/{run_id}/history").json()["items"]
    assert [entry["to"] for entry in history] == ["Queued", "Running", "Succeeded"]
    assert "event: status" in world.client.get(f"/task-runs/{run_id}/events").text
    assert world.client.post(f"/task-runs/{run_id}/rerun").status_code == 409


def test_the_outputs_of_a_run_count_as_those_of_one_task(world: World) -> None:
    run_id = world.run()
    world.end(run_id)
    [only] = world.client.get(f"/jobs/etl/runs/{run_id}/outputs").json()["tasks"]
    assert (only["runId"], only["status"], only["taskKey"]) == (run_id, "Succeeded", None)
    assert only["output"] == world.client.get(f"/jobs/etl/runs/{run_id}").json()["outputs"]
