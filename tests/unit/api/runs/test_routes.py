"""Tests for the routes of task runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.identity import new_run_id
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.builders import a_job
from tests.unit.api.run_api import RunApi

JOB = a_job(parameters=[{"name": "day"}])
TASK = Task(name="daily", job=JOB.name)


class World(RunApi):
    """An app with a job and a task."""

    def run(self, **body: Any) -> str:
        return self.client.post("/tasks/daily/run", json=body).json()["runId"]


@pytest.fixture(scope="module")
def shared_world() -> Iterator[World]:
    world = World(JOB, TASK)
    with world.client:
        yield world


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.reset()
    return shared_world


def test_run_once_answers_with_the_status_url(world: World) -> None:
    answer = world.client.post("/tasks/daily/run", json={"parameters": {"day": "x"}})
    body = answer.json()
    assert answer.status_code == 202
    assert body["statusUrl"] == f"/api/task-runs/{body['runId']}" == answer.headers["location"]
    assert body["graphRunId"] == body["runId"]


def test_run_once_needs_no_body(world: World) -> None:
    assert world.client.post("/tasks/daily/run").status_code == 202


def test_one_idempotency_key_starts_one_run(world: World) -> None:
    headers = {"Idempotency-Key": "k"}
    first = world.client.post("/tasks/daily/run", headers=headers).json()
    assert world.client.post("/tasks/daily/run", headers=headers).json() == first


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        pytest.param({"parameters": {"dya": 1}}, 422, "parameters.dya", id="unknown parameter"),
        pytest.param({"priority": "high"}, 422, "priority", id="a priority as text"),
        pytest.param({"paramters": {}}, 422, "paramters", id="unknown field"),
        pytest.param([], 422, "", id="a list"),
    ],
)
def test_an_invalid_body_is_refused_with_the_path_of_the_problem(
    world: World, body: Any, status: int, path: str
) -> None:
    answer = world.client.post("/tasks/daily/run", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["path"] for error in answer.json()["errors"]] == [path]


def test_invalid_json_is_a_bad_request(world: World) -> None:
    headers = {"Content-Type": "application/json"}
    answer = world.client.post("/tasks/daily/run", content=b"{", headers=headers)
    assert answer.status_code == 400


def test_an_unknown_task_is_not_found(world: World) -> None:
    assert world.client.post("/tasks/weekly/run").status_code == 404


def test_a_run_is_shown_with_all_its_fields(world: World) -> None:
    run_id = world.run(parameters={"day": "x"})
    world.end(run_id)
    run = world.client.get(f"/task-runs/{run_id}").json()
    assert set(run) == {
        *("runId", "task", "job", "platform", "status", "reason", "triggerType", "graphRunId"),
        *("scheduledTime", "queuedAt", "startedAt", "finishedAt", "cancelRequested", "priority"),
        *("startsAt", "startLagSeconds"),
        *(
            "parameters",
            "outputs",
            "parents",
            "problem",
            "attempts",
            "nextAttemptAt",
            "rerunOf",
            "schedule",
        ),
        *("backfillId", "arrival", "timeZone", "mappedInputs"),
        "outputsNotKept",
        "traceId",
    }
    assert set(run["attempts"][0]) == {
        *("number", "status", "externalRunId", "monitorUrl", "providerStatus", "submittedAt"),
        *("startedAt", "finishedAt", "cause", "error", "parameters", "parametersNotKept"),
    }
    assert run["queuedAt"] == "2026-03-01T12:00:00.000Z"


@pytest.mark.parametrize("run_id", ["nonsense", "..%2F..", "r" + 25 * "a"])
def test_an_unknown_run_is_not_found(world: World, run_id: str) -> None:
    for path in ("", "/history", "/events"):
        assert world.client.get(f"/task-runs/{run_id}{path}").status_code == 404


def test_the_history_shows_every_status_change(world: World) -> None:
    run_id = world.run()
    world.end(run_id)
    items = world.client.get(f"/task-runs/{run_id}/history").json()["items"]
    assert [(item["from"], item["to"]) for item in items] == [
        (None, "Queued"),
        ("Queued", "Running"),
        ("Running", "Succeeded"),
    ]
    assert set(items[0]) == {"at", "from", "to", "reason", "actor", "attempt"}


def test_lists_have_pages_and_filters(world: World) -> None:
    ids = []
    for _ in range(3):
        ids.append(world.run())
        world.clock.advance(seconds=1)
    world.end(ids[0])
    first = world.client.get("/task-runs?limit=2").json()
    rest = world.client.get(
        "/task-runs", params={"limit": 2, "continuationToken": first["continuationToken"]}
    ).json()
    assert [item["runId"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert rest["continuationToken"] is None
    ended = world.client.get("/task-runs?status=Succeeded").json()["items"]
    assert [item["runId"] for item in ended] == ids[:1]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "status=Done"])
def test_an_invalid_query_is_refused(world: World, query: str) -> None:
    answer = world.client.get(f"/task-runs?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == query.partition("=")[0]


def test_a_cancellation_is_accepted(world: World) -> None:
    run_id = world.run()
    answer = world.client.post(f"/task-runs/{run_id}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "Cancelled")


def test_events_end_after_the_terminal_one(world: World) -> None:
    run_id = world.run()
    world.end(run_id)
    answer = world.client.get(f"/task-runs/{run_id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    event = dict(
        line.split(": ", 1)
        for line in answer.text.splitlines()
        if not line.startswith("retry") and line
    )
    assert (event["event"], event["id"]) == ("status", "3")
    assert json.loads(event["data"])["status"] == "Succeeded"


def test_events_continue_after_the_last_seen_event(world: World) -> None:
    run_id = world.run()
    world.end(run_id)
    headers = {"Last-Event-ID": "3"}
    assert "event:" not in world.client.get(f"/task-runs/{run_id}/events", headers=headers).text


def test_a_rerun_repeats_a_finished_run_and_links_to_it(world: World) -> None:
    former = world.run(parameters={"day": "x"})
    world.end(former, RunStatus.FAILED)
    answer = world.client.post(f"/task-runs/{former}/rerun", headers={"Idempotency-Key": "k"})
    body = answer.json()
    assert answer.status_code == 202
    assert body["statusUrl"] == f"/api/task-runs/{body['runId']}" == answer.headers["location"]
    run = world.client.get(f"/task-runs/{body['runId']}").json()
    assert (run["rerunOf"], run["parameters"]) == (former, {"day": "x"})
    again = world.client.post(f"/task-runs/{former}/rerun", headers={"Idempotency-Key": "k"})
    assert again.json() == body


def test_an_active_run_cannot_be_rerun(world: World) -> None:
    answer = world.client.post(f"/task-runs/{world.run()}/rerun", json={"downstream": False})
    assert answer.status_code == 409
    assert "Queued" in answer.json()["detail"]


def test_a_rerun_with_dependents_is_a_new_graph_run(world: World) -> None:
    former = world.run()
    world.end(former)
    body = world.client.post(f"/task-runs/{former}/rerun", json={"downstream": True}).json()
    assert body["graphRunId"] == body["runId"]
    again = world.runs.rows[body["runId"]].run
    assert (again.fan_out, again.repeats) == (True, (former,))
    alone = world.client.post(f"/task-runs/{former}/rerun").json()["runId"]
    assert not world.runs.rows[alone].run.fan_out


def test_an_unknown_run_cannot_be_rerun(world: World) -> None:
    assert world.client.post(f"/task-runs/{new_run_id()}/rerun").status_code == 404
