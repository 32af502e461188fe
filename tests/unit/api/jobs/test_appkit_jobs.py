"""The job routes for the keys of a workspace, as clients of AppKit use them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient
from starlette.types import Scope

from polysync_core.api.app import create_app
from polysync_core.api.jobs.routes import job_run_routes
from polysync_core.api.runs import streams as run_streams
from polysync_core.api.runs.streams import looks_of
from polysync_core.api.security.access_policy import AccessPolicy
from polysync_core.api.security.callers import Caller, Identify, anyone
from polysync_core.appkit.jobs import LakeflowJobs, started_run
from polysync_core.appkit.keys import JobOptions
from polysync_core.appkit.mapping import TaskType
from polysync_core.application.operations.audit import Audit
from polysync_core.application.runs.job_runs import JobRuns
from polysync_core.domain.errors import NotFound
from polysync_core.domain.roles import Role
from tests.fakes.appkit import TOKEN, FakeWorkspace, jobs_in
from tests.fakes.audit import FakeAuditStore
from tests.fakes.builders import FakeClock, a_job
from tests.fakes.http import Reply
from tests.fakes.runs import FakeRunTable

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"day": {"type": "string"}}}
OPTIONS = {
    "etl": JobOptions(task_type=TaskType.NOTEBOOK),
    "impatient": JobOptions(wait_timeout=timedelta(milliseconds=20)),
    "judged": JobOptions(task_type=TaskType.NOTEBOOK, params=SCHEMA),
    "model": JobOptions(task_type=TaskType.DBT),
    "Bare_1": JobOptions(),
}
VARIABLES = {
    "DATABRICKS_JOB_JUDGED": "30",
    "DATABRICKS_JOB_MODEL": "40",
    "DATABRICKS_JOB_BARE_1": "50",
    "DATABRICKS_JOB_IMPATIENT": "70",
    "DATABRICKS_JOB_TAKEN": "60",
    "DATABRICKS_APP_NAME": "shop",
}


class _Acceptance:
    """Knows one job."""

    runs = FakeRunTable()

    def job_named(self, name: str) -> Any:
        if name != "taken":
            raise NotFound
        return a_job(name=name)


class World:
    def __init__(self, identify: Identify = anyone) -> None:
        self.workspace, self.audit = FakeWorkspace(), FakeAuditStore()
        self.jobs: LakeflowJobs = jobs_in(self.workspace, OPTIONS, VARIABLES)
        stored: Any = _Acceptance()
        job_runs = JobRuns(runs=stored.runs, factory=stored, task_runs=stored)
        ids = (f"entry-{number}" for number in range(1000))
        audit = Audit(store=self.audit, clock=FakeClock(), new_id=ids.__next__)
        door = AccessPolicy(identify=identify, audit=audit)
        self.client = TestClient(create_app([job_run_routes(job_runs, self.jobs)], door=door))

    def run(self, params: Any = ..., key: str = "etl", **more: Any) -> Any:
        body = {} if params is ... else {"params": params}
        return self.client.post(f"/jobs/{key}/run", json=body, **more)

    def stream(self, key: str = "etl", **more: Any) -> list[dict[str, Any]]:
        answer = self.client.post(f"/jobs/{key}/run?stream=true", **more)
        assert answer.status_code == 200
        return frames_of(answer.text)


def frames_of(text: str) -> list[dict[str, Any]]:
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    frames = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [{**frame, "data": json.loads(frame["data"])} for frame in frames]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    with world.client:
        yield world


def refusal(answer: Any) -> tuple[int, str]:
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (told["plugin"], told["status"]) == ("jobs", answer.status_code)
    return answer.status_code, told["error"]


def test_a_run_answers_with_databricks_own_number(world: World) -> None:
    answer = world.run({"day": "x"})
    assert (answer.status_code, answer.json()) == (200, {"runId": 101})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    [asked] = world.workspace.asked
    assert asked.body["notebook_params"] == {"day": "x"}


def test_a_key_counts_by_case_and_may_hold_an_underscore(world: World) -> None:
    assert world.run(key="Bare_1").json() == {"runId": 101}
    answer = world.client.get("/jobs/Etl/status")
    assert refusal(answer) == (404, 'Unknown job "Etl"')


def test_a_job_that_is_defined_comes_before_a_key(world: World) -> None:
    answer = world.client.get("/jobs/taken/runs")
    assert answer.json() == {"runs": [], "continuationToken": None}
    assert world.workspace.asked == []


@pytest.mark.parametrize(
    ("key", "params", "status", "text"),
    [
        ("broken", {"a": 1}, 404, 'Job "broken" has no configured job ID'),
        ("broken", 1, 404, 'Job "broken" has no configured job ID'),
        ("etl", None, 400, "params must be a plain object"),
        ("etl", [1], 400, "params must be a plain object"),
        ("judged", {"day": 5}, 400, "Invalid job parameters"),
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
def test_what_does_not_fit_is_refused_before_anything_opens(
    world: World, key: str, params: Any, status: int, text: str, query: str
) -> None:
    answer = world.client.post(f"/jobs/{key}/run{query}", json={"params": params})
    assert refusal(answer) == (status, text)
    assert world.workspace.asked == []


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
def test_a_body_that_cannot_be_meant_starts_nothing(
    world: World, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = world.client.post("/jobs/etl/run", content=content, headers=headers)
    assert refusal(answer)[0] == status
    assert world.workspace.asked == []


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "text/plain"),
        (b"", "application/json"),
        (b'\xef\xbb\xbf{"params": {}}', "application/json; charset=UTF-8"),
        (b'{"other": 1}', "application/merge-patch+json"),
    ],
)
def test_a_body_that_can_be_read_starts_a_run(world: World, content: bytes, kind: str) -> None:
    answer = world.client.post("/jobs/etl/run", content=content, headers={"Content-Type": kind})
    assert answer.json() == {"runId": 101}


def test_no_word_of_databricks_comes_through(world: World) -> None:
    world.workspace.fail("run-now", 403)
    answer = world.run()
    assert refusal(answer) == (403, "Forbidden")
    assert "canary" not in answer.text.lower()
    world.workspace.fail("runs/list", 499)
    assert refusal(world.client.get("/jobs/etl/runs")) == (499, "Unknown Error")


def test_a_busy_workspace_says_when_to_come_back(world: World) -> None:
    world.workspace.fail("run-now", 429, headers={"Retry-After": "60"})
    answer = world.run()
    assert refusal(answer) == (429, "Too Many Requests")
    assert answer.headers["retry-after"] == "60"


def test_a_start_without_an_id_answers_with_nothing(world: World) -> None:
    world.workspace.faults = [("run-now", Reply())]
    assert world.run().json() == {}


@pytest.mark.parametrize(
    ("text", "run_id"), [("{run}abc", 101), ("%20{run}", 101), ("0{run}.9", 101)]
)
def test_a_run_id_is_the_number_that_begins_it(world: World, text: str, run_id: int) -> None:
    world.run()
    answer = world.client.get(f"/jobs/etl/runs/{text.format(run=run_id)}")
    assert answer.json() == {
        "run_id": 101,
        "job_id": 10,
        "state": {"life_cycle_state": "TERMINATED"},
    }


@pytest.mark.parametrize("text", ["abc", "0", "-1", "0x10", "NaN", "9" * 40, "%ED%95%9C"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_is_no_run_id_is_refused(world: World, method: str, text: str) -> None:
    answer = world.client.request(method, f"/jobs/etl/runs/{text}")
    assert refusal(answer) == (400, "Invalid runId")
    assert world.workspace.asked == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_run_of_another_job_is_not_there(world: World, method: str) -> None:
    world.run(key="other")
    assert refusal(world.client.request(method, "/jobs/etl/runs/101")) == (404, "Not Found")
    assert world.workspace.calls("runs/cancel") == []


def test_a_run_is_cancelled_and_read_anew(world: World) -> None:
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
def test_a_limit_is_read_as_javascript_reads_it(world: World, query: str, limit: int) -> None:
    assert world.client.get(f"/jobs/etl/runs{query}").json() == {"runs": []}
    assert [asked.query["limit"] for asked in world.workspace.asked] == [str(limit)]


def test_the_status_is_that_of_the_newest_run(world: World) -> None:
    assert world.client.get("/jobs/etl/status").json() == {"status": None, "run": None}
    world.run()
    run = {"run_id": 101, "job_id": 10}
    assert world.client.get("/jobs/etl/status").json() == {"status": None, "run": run}


def test_a_stream_tells_every_look_until_the_end(world: World) -> None:
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


def test_a_look_without_a_state_has_no_status(world: World) -> None:
    world.workspace.faults = [("runs/get", Reply.json({"run_id": 101, "job_id": 10}))]
    assert "status" not in world.stream()[0]["data"]


def errors_of(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [frame["data"] for frame in frames if frame["event"] == "error"]


def test_what_fails_in_a_stream_is_told_by_an_event(world: World) -> None:
    world.workspace.fail("run-now", 403)
    told = {"error": "Failed to trigger job run", "code": "UPSTREAM_ERROR"}
    assert errors_of(world.stream()) == [told]
    world.workspace.faults = [("run-now", Reply())]
    told = {"error": "runNow did not return a run_id", "code": "INTERNAL_ERROR"}
    assert errors_of(world.stream()) == [told]
    world.workspace.states = ["RUNNING"]
    world.workspace.faults = [("runs/get", Reply(403))]
    [frame] = world.stream()
    told = {"error": "Failed to poll run status for run 101", "code": "UPSTREAM_ERROR"}
    assert (frame["id"], frame["data"]) == ("101-0", told)


def test_a_wait_that_is_over_is_told_by_an_event(world: World) -> None:
    world.workspace.states = ["RUNNING"] * 10_000
    told = {"error": "Job run 101 polling timeout after 20ms", "code": "TIMEOUT"}
    *looks, last = world.stream("impatient")
    assert errors_of([*looks, last]) == [told]
    assert last["id"] == (looks[-1]["id"] if looks else "101-0")


def test_an_event_that_is_too_large_does_not_end_the_stream(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_streams, "LARGEST_EVENT", 200)
    large = {"run_id": 101, "job_id": 10, "more": "x" * 200}
    world.workspace.faults = [("runs/get", Reply.json(large))]
    first, last = world.stream()
    assert first["data"] == {
        "error": "Event exceeds max size of 200 bytes",
        "code": "INVALID_REQUEST",
    }
    assert last["data"]["status"] == "TERMINATED"


def test_a_client_that_comes_back_starts_no_second_run(world: World) -> None:
    world.workspace.states = ["RUNNING", "RUNNING", "TERMINATED"]
    first = world.stream()[0]
    again = world.stream(headers={"Last-Event-ID": first["id"]})
    assert [frame["id"] for frame in again] == ["101-2-end"]
    assert len(world.workspace.calls("run-now")) == 1


def test_a_client_that_has_seen_the_end_is_told_so(world: World) -> None:
    last = world.stream()[-1]["id"]
    answer = world.client.post("/jobs/etl/run?stream=true", headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("last_event", "status"),
    [("101-1", 404), ("999-1", 400), ("0c5a1f", 400), ("5", 400), ("x-1", 400)],
)
def test_an_event_of_no_run_of_this_job_starts_nothing(
    world: World, last_event: str, status: int
) -> None:
    world.run(key="other")
    headers = {"Last-Event-ID": last_event}
    answer = world.client.post("/jobs/etl/run?stream=true", headers=headers)
    assert refusal(answer)[0] == status
    assert len(world.workspace.calls("run-now")) == 1


def test_an_event_means_nothing_where_no_stream_is_asked_for(world: World) -> None:
    assert world.run(headers={"Last-Event-ID": "0c5a1f"}).json() == {"runId": 101}


def test_a_run_that_there_is_can_be_followed(world: World) -> None:
    world.run()
    frames = frames_of(world.client.get("/jobs/etl/runs/101?stream=true").text)
    assert [frame["id"] for frame in frames] == ["101-1-end"]
    assert refusal(world.client.get("/jobs/etl/runs/999?stream=true")) == (400, "Bad Request")


def test_one_idempotency_key_is_one_run(world: World) -> None:
    headers = {"Idempotency-Key": "monday"}
    assert world.run(headers=headers).json() == world.run(headers=headers).json()
    assert world.stream(headers=headers)[0]["data"]["run"]["run_id"] == 101
    assert len(world.workspace.runs) == 1


def test_an_idempotency_key_is_its_callers_own() -> None:
    """Two people who number their requests alike do not get each other's runs."""
    world = World(identify=_whoever_says_so)
    ann, bob = ({"Idempotency-Key": "1", "who": name} for name in ("ann", "bob"))
    runs = [world.run(headers=headers).json()["runId"] for headers in (ann, bob, ann)]
    assert runs == [101, 102, 101]


def test_a_renewed_token_of_the_user_is_no_other_caller() -> None:
    """Tokens last an hour, and a start may be sent again after that."""
    world = World(identify=_whoever_says_so)
    key = {"Idempotency-Key": "1", "who": "ann"}
    runs = [
        world.client.post("/jobs/etl/run?asUser=true", headers={**key, **_token(token)})
        for token in ("dapi-old", "dapi-new")
    ]
    assert [answer.json()["runId"] for answer in runs] == [101, 101]
    assert world.run(headers=key).json() == {"runId": 102}


def _whoever_says_so(scope: Scope) -> Caller:
    name = Headers(scope=scope).get("who", "nobody")
    return Caller(name=name, roles=frozenset({Role.ADMINISTRATOR}))


def _token(token: str) -> dict[str, str]:
    return {"x-forwarded-access-token": token}


def test_many_watchers_of_a_run_look_at_it_as_often_as_one(world: World) -> None:
    """Each of 20 clients sees the end, and no look is taken twice."""
    jobs = jobs_in(world.workspace, OPTIONS, VARIABLES, interval=0.2)
    etl = jobs("etl")
    run_id = started_run(etl.start({}))
    world.workspace.states = ["RUNNING", "RUNNING"]

    async def watch() -> list[str]:
        return [frame async for frame in looks_of(etl.following(lambda: run_id))]

    async def all_of_them() -> list[list[str]]:
        return await asyncio.gather(*(watch() for _ in range(20)))

    seen = asyncio.run(all_of_them())
    assert all(f"id: {run_id}-3-end" in frames[-1] for frames in seen)
    assert len(world.workspace.calls("runs/get")) == 3
    assert len(jobs.watches) == 0


def test_a_run_in_the_callers_name_is_started_by_the_callers_token(world: World) -> None:
    headers = {"x-forwarded-access-token": "dapi-user"}
    for query in ("", "?asUser=false", "?asUser=true"):
        assert world.client.post(f"/jobs/etl/run{query}", headers=headers).status_code == 200
    tokens = [asked.token for asked in world.workspace.calls("run-now")]
    assert tokens == [TOKEN, TOKEN, "dapi-user"]


@pytest.mark.parametrize(("query", "status"), [("asUser=true", 401), ("asUser=1", 400)])
def test_nothing_is_done_where_the_caller_is_not_known(
    world: World, query: str, status: int
) -> None:
    assert refusal(world.client.post(f"/jobs/etl/run?{query}"))[0] == status
    assert world.workspace.asked == []


@pytest.mark.parametrize("query", ["", "?stream=true", "?asUser=true"])
def test_who_asked_for_a_run_is_recorded_with_it(world: World, query: str) -> None:
    headers = {"x-forwarded-access-token": "dapi-user"}
    assert world.client.post(f"/jobs/etl/run{query}", headers=headers).status_code == 200
    [entry] = world.audit.entries.values()
    assert (entry.actor, entry.path, entry.run_id) == ("api", "/jobs/etl/run", "101")


def test_a_refused_run_is_recorded_with_its_status(world: World) -> None:
    world.workspace.fail("run-now", 403)
    world.run()
    [entry] = world.audit.entries.values()
    assert (entry.status, entry.run_id) == (403, None)
