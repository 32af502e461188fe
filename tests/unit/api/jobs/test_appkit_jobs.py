"""Tests for the job routes of AppKit's jobs, as AppKit's clients use them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from threading import Semaphore
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.types import Scope

from polysync_core.api.jobs import streams
from polysync_core.api.jobs.streams import snapshot_events
from polysync_core.api.security.callers import Caller, Identify, accept_all
from polysync_core.appkit.jobs import started_run
from polysync_core.appkit.polling import SharedPoll
from polysync_core.appkit.read_cache import ReadCache
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.roles import Role
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.appkit import TOKEN, VARIABLES, FakeWorkspace, workspaces_of
from tests.fakes.audit import FakeAuditStore
from tests.fakes.builders import a_job
from tests.fakes.http import Reply

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"day": {"type": "string"}}}
OPTIONS = {
    "etl": {"taskType": "notebook"},
    "short_wait": {"waitTimeout": 20},
    "with_schema": {"taskType": "notebook", "params": SCHEMA},
    "model": {"taskType": "dbt"},
    "Bare_1": {},
}
SETTINGS = {
    **VARIABLES,
    "DATABRICKS_JOB_WITH_SCHEMA": "30",
    "DATABRICKS_JOB_MODEL": "40",
    "DATABRICKS_JOB_BARE_1": "50",
    "DATABRICKS_JOB_SHORT_WAIT": "70",
    "DATABRICKS_JOB_STORED": "60",
    "DATABRICKS_APP_NAME": "shop",
    "POLYSYNC_APPKIT": json.dumps({"pollIntervalMs": 1, "jobs": OPTIONS}),
}


class World:
    """The whole app over fake ports, with a workspace in memory and one stored job."""

    def __init__(self) -> None:
        self.workspace, self.audit = FakeWorkspace(), FakeAuditStore()
        self.identify: Identify = accept_all
        self.app = FakeApp(
            a_job(name="stored"),
            settings=settings_of(**SETTINGS),
            identify=lambda scope: self.identify(scope),
            audit=self.audit,
            open_workspaces=lambda configuration, *_: workspaces_of(self.workspace, configuration),
        )
        self.jobs = self.app.services.appkit_jobs
        self.client = self.app.http

    def reset(self) -> None:
        """Return to the initial state; building the app takes longer than a test."""
        vars(self.workspace).update(vars(FakeWorkspace()))
        self.audit.entries.clear()
        self.jobs.reads = ReadCache()
        self.identify = accept_all

    def run(self, params: Any = ..., name: str = "etl", **more: Any) -> Any:
        body = {} if params is ... else {"params": params}
        return self.client.post(f"/jobs/{name}/run", json=body, **more)

    def stream(self, name: str = "etl", **more: Any) -> list[dict[str, Any]]:
        answer = self.client.post(f"/jobs/{name}/run?stream=true", **more)
        assert answer.status_code == 200
        return frames_of(answer.text)


def frames_of(text: str) -> list[dict[str, Any]]:
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    frames = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [{**frame, "data": json.loads(frame["data"])} for frame in frames]


@pytest.fixture(scope="module")
def shared_world() -> Iterator[World]:
    world = World()
    with world.client:
        yield world


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.reset()
    return shared_world


def error_of(answer: Any) -> tuple[int, str]:
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["plugin"], problem["status"]) == ("jobs", answer.status_code)
    return answer.status_code, problem["error"]


def test_a_run_is_answered_with_databricks_run_id(world: World) -> None:
    answer = world.run({"day": "x"})
    assert (answer.status_code, answer.json()) == (200, {"runId": 101})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    [call] = world.workspace.received
    assert call.body["notebook_params"] == {"day": "x"}


def test_names_are_case_sensitive_and_may_contain_an_underscore(world: World) -> None:
    assert world.run(name="Bare_1").json() == {"runId": 101}
    answer = world.client.get("/jobs/Etl/status")
    assert error_of(answer) == (404, 'Unknown job "Etl"')


def test_a_stored_job_wins_over_a_job_of_the_environment(world: World) -> None:
    answer = world.client.get("/jobs/stored/runs")
    assert answer.json() == {"runs": [], "continuationToken": None}
    assert world.workspace.received == []


@pytest.mark.parametrize(
    ("name", "params", "status", "text"),
    [
        ("broken", {"a": 1}, 404, 'Job "broken" has no configured job ID'),
        ("broken", 1, 404, 'Job "broken" has no configured job ID'),
        ("etl", None, 400, "params must be a plain object"),
        ("etl", [1], 400, "params must be a plain object"),
        ("with_schema", {"day": 5}, 400, "Invalid job parameters"),
        ("Bare_1", {}, 400, "This job does not accept parameters"),
        ("etl", {"a": {}}, 400, 'Parameter "a" must be a primitive value, got object'),
        ("model", {"a": 1}, 400, "dbt tasks do not accept parameters"),
        (
            "model",
            {f"p{n}": 1 for n in range(51)},
            400,
            "Too many parameters (51). Define a Zod schema to accept more than 50.",
        ),
    ],
)
@pytest.mark.parametrize("query", ["", "?stream=true"])
def test_invalid_parameters_are_refused_before_a_stream_opens(
    world: World, name: str, params: Any, status: int, text: str, query: str
) -> None:
    answer = world.client.post(f"/jobs/{name}/run{query}", json={"params": params})
    assert error_of(answer) == (status, text)
    assert world.workspace.received == []


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"params=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b'{"params": {}}', {"Content-Type": "text/plain"}, 415),
        (b'{"params": {}}', {}, 415),
        (b"{}", {"Content-Type": "application/json; charset=latin1"}, 415),
        (b"{}", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
        (b"null", {"Content-Type": "application/json"}, 400),
        (b"[]", {"Content-Type": "application/json"}, 400),
        (b"  ", {"Content-Type": "application/json"}, 400),
        (b"{", {"Content-Type": "application/json"}, 400),
    ],
)
def test_an_invalid_body_starts_no_run(
    world: World, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = world.client.post("/jobs/etl/run", content=content, headers=headers)
    assert error_of(answer)[0] == status
    assert world.workspace.received == []


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"", "text/plain"),
        (b"", "application/json"),
        (b'\xef\xbb\xbf{"params": {}}', "application/json; charset=UTF-8"),
        (b'{"other": 1}', "application/merge-patch+json"),
    ],
)
def test_a_valid_body_starts_a_run(world: World, content: bytes, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    answer = world.client.post("/jobs/etl/run", content=content, headers=headers)
    assert answer.json() == {"runId": 101}


def test_texts_from_databricks_are_not_shown(world: World) -> None:
    world.workspace.fail("run-now", 403)
    answer = world.run()
    assert error_of(answer) == (403, "Forbidden")
    assert "canary" not in answer.text.lower()
    world.workspace.fail("runs/list", 499)
    assert error_of(world.client.get("/jobs/etl/runs")) == (499, "Unknown Error")


def test_a_busy_workspace_is_answered_with_retry_after(world: World) -> None:
    world.workspace.fail("run-now", 429, headers={"Retry-After": "60"})
    answer = world.run()
    assert error_of(answer) == (429, "Too Many Requests")
    assert answer.headers["retry-after"] == "60"


def test_a_start_without_a_run_id_is_answered_with_an_empty_object(world: World) -> None:
    world.workspace.faults = [("run-now", Reply())]
    assert world.run().json() == {}


@pytest.mark.parametrize(
    ("text", "run_id"), [("{run}abc", 101), ("%20{run}", 101), ("0{run}.9", 101)]
)
def test_a_run_id_is_the_leading_number_of_the_text(world: World, text: str, run_id: int) -> None:
    world.run()
    answer = world.client.get(f"/jobs/etl/runs/{text.format(run=run_id)}")
    assert answer.json() == {
        "run_id": 101,
        "job_id": 10,
        "state": {"life_cycle_state": "TERMINATED"},
    }


@pytest.mark.parametrize("text", ["abc", "0", "-1", "0x10", "NaN", "9" * 40, "%ED%95%9C"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_invalid_run_id_is_refused(world: World, method: str, text: str) -> None:
    answer = world.client.request(method, f"/jobs/etl/runs/{text}")
    assert error_of(answer) == (400, "Invalid runId")
    assert world.workspace.received == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_run_of_another_job_is_not_found(world: World, method: str) -> None:
    world.run(name="other")
    assert error_of(world.client.request(method, "/jobs/etl/runs/101")) == (404, "Not Found")
    assert world.workspace.calls("runs/cancel") == []


def test_a_cancelled_run_is_read_again(world: World) -> None:
    world.workspace.states = ["RUNNING", "TERMINATED"]
    world.run()
    states = []
    for _ in range(2):
        states.append(world.client.get("/jobs/etl/runs/101").json()["state"]["life_cycle_state"])
        answer = world.client.delete("/jobs/etl/runs/101")
        assert (answer.status_code, answer.content) == (204, b"")
        assert "content-type" not in answer.headers
    assert states == ["RUNNING", "TERMINATED"]


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("", 20),
        ("?limit=5", 5),
        ("?limit=0", 20),
        ("?limit=-5", 1),
        ("?limit=2.7", 2),
        ("?limit=7xyz", 7),
        ("?limit=xyz", 20),
        ("?limit=1e2", 1),
        ("?limit=%209", 9),
        ("?limit=%2B11", 11),
        ("?limit=3&limit=4", 3),
        ("?limit[]=8", 8),
        ("?limit[a]=9", 20),
        ("?Limit=3", 20),
    ],
)
def test_a_limit_is_read_by_the_rules_of_javascript(world: World, query: str, limit: int) -> None:
    assert world.client.get(f"/jobs/etl/runs{query}").json() == {"runs": []}
    assert [call.query["limit"] for call in world.workspace.received] == [str(limit)]


def test_the_status_describes_the_newest_run(world: World) -> None:
    assert world.client.get("/jobs/etl/status").json() == {"status": None, "run": None}
    world.run()
    run = {"run_id": 101, "job_id": 10}
    assert world.client.get("/jobs/etl/status").json() == {"status": None, "run": run}


def test_a_stream_has_an_event_for_every_poll_until_the_end(world: World) -> None:
    world.workspace.states = ["PENDING", "RUNNING", "TERMINATED"]
    answer = world.client.post("/jobs/etl/run?stream=true", json={"params": {}})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.text.startswith(": heartbeat\n\n")
    frames = frames_of(answer.text)
    assert [frame["id"] for frame in frames] == ["101-1", "101-2", "101-3-end"]
    assert {frame["event"] for frame in frames} == {"message"}
    assert [frame["data"]["status"] for frame in frames] == ["PENDING", "RUNNING", "TERMINATED"]
    assert set(frames[0]["data"]) == {"status", "timestamp", "run"}
    assert frames[0]["data"]["run"]["job_id"] == 10


def test_a_snapshot_without_a_state_has_no_status(world: World) -> None:
    world.workspace.faults = [("runs/get", Reply.json({"run_id": 101, "job_id": 10}))]
    assert "status" not in world.stream()[0]["data"]


def errors_of(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [frame["data"] for frame in frames if frame["event"] == "error"]


def test_a_failure_in_a_stream_is_an_error_event(world: World) -> None:
    world.workspace.fail("run-now", 403)
    error = {"error": "Failed to trigger job run", "code": "UPSTREAM_ERROR"}
    assert errors_of(world.stream()) == [error]
    world.workspace.faults = [("run-now", Reply())]
    error = {"error": "runNow did not return a run_id", "code": "INTERNAL_ERROR"}
    assert errors_of(world.stream()) == [error]
    world.workspace.states = ["RUNNING"]
    world.workspace.faults = [("runs/get", Reply(403))]
    [frame] = world.stream()
    error = {"error": "Failed to poll run status for run 101", "code": "UPSTREAM_ERROR"}
    assert (frame["id"], frame["data"]) == ("101-0", error)


def test_a_wait_timeout_is_an_error_event(world: World) -> None:
    world.workspace.states = ["RUNNING"] * 10_000
    error = {"error": "Job run 101 polling timeout after 20ms", "code": "TIMEOUT"}
    *snapshots, last = world.stream("short_wait")
    assert errors_of([*snapshots, last]) == [error]
    assert last["id"] == (snapshots[-1]["id"] if snapshots else "101-0")


def test_an_event_that_is_too_large_does_not_end_the_stream(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MAX_EVENT_SIZE", 200)
    large = {"run_id": 101, "job_id": 10, "more": "x" * 200}
    world.workspace.faults = [("runs/get", Reply.json(large))]
    first, last = world.stream()
    assert first["data"] == {
        "error": "Event exceeds max size of 200 bytes",
        "code": "INVALID_REQUEST",
    }
    assert last["data"]["status"] == "TERMINATED"


def test_a_reconnecting_client_starts_no_second_run(world: World) -> None:
    world.workspace.states = ["RUNNING", "RUNNING", "TERMINATED"]
    first = world.stream()[0]
    again = world.stream(headers={"Last-Event-ID": first["id"]})
    assert [frame["id"] for frame in again] == ["101-2-end"]
    assert len(world.workspace.calls("run-now")) == 1


def test_a_client_that_has_seen_the_last_event_gets_no_content(world: World) -> None:
    last = world.stream()[-1]["id"]
    answer = world.client.post("/jobs/etl/run?stream=true", headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("last_event", "status"),
    [("101-1", 404), ("999-1", 400), ("0c5a1f", 400), ("5", 400), ("x-1", 400)],
)
def test_an_event_id_of_another_stream_starts_no_run(
    world: World, last_event: str, status: int
) -> None:
    world.run(name="other")
    headers = {"Last-Event-ID": last_event}
    answer = world.client.post("/jobs/etl/run?stream=true", headers=headers)
    assert error_of(answer)[0] == status
    assert len(world.workspace.calls("run-now")) == 1


def test_an_event_id_is_ignored_without_a_stream(world: World) -> None:
    assert world.run(headers={"Last-Event-ID": "0c5a1f"}).json() == {"runId": 101}


def test_an_existing_run_can_be_streamed(world: World) -> None:
    world.run()
    frames = frames_of(world.client.get("/jobs/etl/runs/101?stream=true").text)
    assert [frame["id"] for frame in frames] == ["101-1-end"]
    assert error_of(world.client.get("/jobs/etl/runs/999?stream=true")) == (400, "Bad Request")


def test_one_idempotency_key_starts_one_run(world: World) -> None:
    headers = {"Idempotency-Key": "monday"}
    assert world.run(headers=headers).json() == world.run(headers=headers).json()
    assert world.stream(headers=headers)[0]["data"]["run"]["run_id"] == 101
    assert len(world.workspace.runs) == 1


def test_an_idempotency_key_is_valid_per_caller(world: World) -> None:
    """Two people with the same key do not get each other's runs."""
    world.identify = _identify_by_header
    ann, bob = ({"Idempotency-Key": "1", "caller": name} for name in ("ann", "bob"))
    runs = [world.run(headers=headers).json()["runId"] for headers in (ann, bob, ann)]
    assert runs == [101, 102, 101]


def test_a_renewed_user_token_is_the_same_caller(world: World) -> None:
    """Tokens are valid for an hour, and a start may be repeated later."""
    world.identify = _identify_by_header
    key = {"Idempotency-Key": "1", "caller": "ann"}
    runs = [
        world.client.post("/jobs/etl/run?asUser=true", headers={**key, **_token(token)})
        for token in ("dapi-old", "dapi-new")
    ]
    assert [answer.json()["runId"] for answer in runs] == [101, 101]
    assert world.run(headers=key).json() == {"runId": 102}


def _identify_by_header(scope: Scope) -> Caller:
    name = Headers(scope=scope).get("caller", "")
    return Caller(name=name, roles=frozenset({Role.ADMINISTRATOR}))


def _token(token: str) -> dict[str, str]:
    return {"x-forwarded-access-token": token}


def test_many_watchers_of_a_run_share_its_polls(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first poll waits until all 20 clients watch the run."""
    subscribed, clients = Semaphore(0), 20
    subscribe = SharedPoll.subscribe

    def counting(self: SharedPoll, *args: Any) -> None:
        subscribe(self, *args)
        subscribed.release()

    monkeypatch.setattr(SharedPoll, "subscribe", counting)
    etl = world.jobs("etl")
    run_id = started_run(etl.start({}))
    world.workspace.states = ["RUNNING", "RUNNING"]
    stream = etl.stream(lambda: run_id)
    read, first = stream.read, iter([True])

    def read_when_all_watch(run_id: int) -> JsonObject:
        if next(first, False):
            assert all(subscribed.acquire(timeout=30) for _ in range(clients))
        return read(run_id)

    stream = replace(stream, read=read_when_all_watch)

    async def watch() -> list[str]:
        return [frame async for frame in snapshot_events(stream)]

    async def watch_all() -> list[list[str]]:
        return await asyncio.gather(*(watch() for _ in range(clients)))

    seen = asyncio.run(watch_all())
    assert all(f"id: {run_id}-3-end" in frames[-1] for frames in seen)
    assert len(world.workspace.calls("runs/get")) == 3
    assert len(world.jobs.polls) == 0


def test_a_run_with_the_callers_identity_uses_the_callers_token(world: World) -> None:
    headers = {"x-forwarded-access-token": "dapi-user"}
    for query in ("", "?asUser=false", "?asUser=true"):
        assert world.client.post(f"/jobs/etl/run{query}", headers=headers).status_code == 200
    tokens = [call.token for call in world.workspace.calls("run-now")]
    assert tokens == [TOKEN, TOKEN, "dapi-user"]


@pytest.mark.parametrize(("query", "status"), [("asUser=true", 401), ("asUser=1", 400)])
def test_a_request_as_user_without_a_user_token_is_refused(
    world: World, query: str, status: int
) -> None:
    assert error_of(world.client.post(f"/jobs/etl/run?{query}"))[0] == status
    assert world.workspace.received == []


@pytest.mark.parametrize("query", ["", "?stream=true", "?asUser=true"])
def test_the_caller_of_a_run_is_audited_with_the_run_id(world: World, query: str) -> None:
    headers = {"x-forwarded-access-token": "dapi-user"}
    assert world.client.post(f"/jobs/etl/run{query}", headers=headers).status_code == 200
    [entry] = world.audit.entries.values()
    assert (entry.actor, entry.path, entry.run_id) == ("api", "/jobs/etl/run", "101")


def test_a_refused_run_is_audited_with_its_status(world: World) -> None:
    world.workspace.fail("run-now", 403)
    world.run()
    [entry] = world.audit.entries.values()
    assert (entry.status, entry.run_id) == (403, None)
