"""Tests for the event streams of AppKit's jobs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from threading import Semaphore
from typing import Any

import pytest

from polysync_core.api.jobs.streams import snapshot_events
from polysync_core.appkit.jobs import started_run
from polysync_core.appkit.polling import SharedPoll
from polysync_core.domain.json_types import JsonObject
from tests.fakes.http import Reply
from tests.unit.api.jobs.appkit_world import World, error_of, frames_of


def test_a_stream_has_an_event_for_every_poll_until_the_end(world: World) -> None:
    world.workspace.states = ["PENDING", "RUNNING", "TERMINATED"]
    answer = world.client.post("/jobs/etl/run?stream=true", json={"params": {}})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    # Some clients expect data in each block, so no comment precedes the first event.
    assert answer.text.startswith("\nid: 101-1\nevent: message\ndata: {")
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
    configuration = replace(world.jobs.configuration, max_event_size=2_000)
    monkeypatch.setattr(world.jobs, "configuration", configuration)
    large = {"run_id": 101, "job_id": 10, "more": "x" * 2_000}
    world.workspace.faults = [("runs/get", Reply.json(large))]
    first, last = world.stream()
    assert first["data"] == {
        "error": "Event exceeds max size of 2000 bytes",
        "code": "INVALID_REQUEST",
    }
    assert last["data"]["status"] == "TERMINATED"


def test_a_reconnecting_client_starts_no_second_run(world: World) -> None:
    world.workspace.states = ["RUNNING", "RUNNING", "TERMINATED"]
    first = world.stream()[0]
    again = world.stream(headers={"Last-Event-ID": first["id"]})
    assert [frame["id"] for frame in again] == ["101-2-end"]
    assert len(world.workspace.calls("run-now")) == 1


FETCH = {"Accept": "text/event-stream"}
EVENT_SOURCE = {"Accept": "text/event-stream", "Cache-Control": "no-cache"}


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("POST", {}, (200, b"\n")),
        ("POST", FETCH, (200, b"\n")),
        ("GET", FETCH, (200, b"\n")),
        ("GET", EVENT_SOURCE, (204, b"")),
        ("GET", {}, (204, b"")),
    ],
)
def test_a_client_that_has_seen_the_last_event_gets_an_answer_that_ends_its_loop(
    world: World, method: str, headers: dict[str, str], expected: tuple[int, bytes]
) -> None:
    """Only an EventSource needs a 204: `fetch` takes a 204 for an answer without a body."""
    last = world.stream()[-1]["id"]
    path = "run" if method == "POST" else "runs/101"
    answer = world.client.request(
        method, f"/jobs/etl/{path}?stream=true", headers={**headers, "Last-Event-ID": last}
    )
    assert (answer.status_code, answer.content) == expected
    if answer.status_code == 200:
        assert answer.headers["content-type"].startswith("text/event-stream")


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
    read, first = etl.stream(lambda: run_id).read, iter([True])

    def read_when_all_watch(run_id: int) -> JsonObject:
        if next(first, False):
            assert all(subscribed.acquire(timeout=30) for _ in range(clients))
        return read(run_id)

    async def watch() -> list[str]:
        stream = etl.stream(lambda: run_id)
        stream.read = read_when_all_watch
        return [frame async for frame in snapshot_events(stream)]

    async def watch_all() -> list[list[str]]:
        return await asyncio.gather(*(watch() for _ in range(clients)))

    seen = asyncio.run(watch_all())
    assert all(f"id: {run_id}-3-end" in frames[-1] for frames in seen)
    assert len(world.workspace.calls("runs/get")) == 3
    assert len(world.jobs.polls) == 0
