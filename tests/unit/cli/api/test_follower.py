"""Following a run: a broken connection does not change the reported outcome."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polysync.errors import ApiProblem, MalformedAnswer
from polysync.following import MAX_EMPTY_STREAMS
from polysync_core.cli.api.client import ApiClient
from polysync_core.cli.api.follower import RunFollower
from tests.unit.cli.conftest import Invoke, build_run, event
from tests.unit.cli.fake_api import Answer, FakeApi, Lost, Reaction, Silence, Stream, problem

EVENTS = ("GET", "/task-runs/r-1/events")
RUN = ("GET", "/task-runs/r-1")
QUEUED, RUNNING, SUCCEEDED = (build_run(status) for status in ("Queued", "Running", "Succeeded"))


class Clock:
    """A clock that advances only by `sleep`."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


def follow_statuses(api: FakeApi) -> list[str]:
    """Follow the run and return the received statuses."""
    clock = Clock()
    with ApiClient(api.url, sleep=clock.sleep, monotonic=clock.monotonic) as client:
        return [run.status for run in RunFollower(client, "r-1").states()]


def test_a_working_event_stream_is_enough_to_follow_a_run(api: FakeApi):
    api.on(*EVENTS, Stream([event(1, QUEUED), event(2, RUNNING), event(3, SUCCEEDED)]))

    assert follow_statuses(api) == ["Queued", "Running", "Succeeded"]
    assert [request.path for request in api.requests] == [EVENTS[1]]


def test_a_reconnect_continues_after_the_last_received_event(api: FakeApi):
    api.on(*EVENTS, Stream([event(6, RUNNING)], cut=True), Stream([event(7, SUCCEEDED)]))
    api.on(*RUN, Answer(RUNNING))

    assert follow_statuses(api)[-1] == "Succeeded"
    first, second = api.requests_of(*EVENTS)
    assert "last-event-id" not in first.headers
    assert second.headers["last-event-id"] == "6"


def test_a_final_event_that_was_lost_with_the_connection_is_recovered_by_a_read(api: FakeApi):
    api.on(*EVENTS, Stream([event(1, RUNNING)], cut=True))
    api.on(*RUN, Answer(SUCCEEDED))

    assert follow_statuses(api) == ["Running", "Succeeded"]


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(problem(404, "Not found", "No such route."), id="the route does not exist"),
        pytest.param(Answer("<html>", content_type="text/html"), id="the answer is not a stream"),
        pytest.param(Stream([]), id="the stream is empty"),
        pytest.param(
            Stream([b": keep-alive\n\n"], cut=True), id="the stream breaks before an event"
        ),
        pytest.param(Stream([b"event: status\ndata: {\n\n"]), id="the events are not JSON"),
        pytest.param(Lost(), id="the answer is lost"),
    ],
)
def test_the_run_is_polled_if_its_event_stream_does_not_work(api: FakeApi, events: Reaction):
    api.on(*EVENTS, events)
    api.on(*RUN, *[Answer(QUEUED)] * 4, Answer(RUNNING), Answer(SUCCEEDED))

    assert follow_statuses(api) == ["Queued"] * 4 + ["Running", "Succeeded"]
    assert len(api.requests_of(*EVENTS)) == MAX_EMPTY_STREAMS


def test_a_long_run_without_events_does_not_stop_the_use_of_the_stream(api: FakeApi):
    """The cloud ends every stream after some minutes, which may pass without an event."""
    quiet = [Stream([b": still here\n\n"])] * 5
    api.on(*EVENTS, *quiet, Stream([event(2, SUCCEEDED)]))
    api.on(*RUN, Answer(RUNNING))
    times = itertools.count(step=210.0)

    with ApiClient(api.url, sleep=lambda _: None, monotonic=lambda: next(times)) as client:
        outcome = [run.status for run in RunFollower(client, "r-1").states()]

    assert outcome == ["Running"] * 5 + ["Succeeded"]


def test_following_survives_a_restart_of_the_server(api: FakeApi):
    down = problem(503, "A service does not answer", "Storage.")
    api.on(*EVENTS, Lost())
    api.on(*RUN, down, Lost(), Answer("<html>", status=502), Answer(SUCCEEDED))

    assert follow_statuses(api) == ["Succeeded"]


def test_following_fails_if_the_server_stays_unavailable(api: FakeApi):
    api.on(*RUN, problem(503, "A service does not answer", "Storage."))

    with pytest.raises(ApiProblem, match="Storage"):
        follow_statuses(api)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(problem(404, "Nothing", "r-1."), ApiProblem, id="the run does not exist"),
        pytest.param(Answer("<html>"), MalformedAnswer, id="another server answers"),
    ],
)
def test_a_permanent_failure_is_not_retried(api: FakeApi, answer: Answer, error: type[Exception]):
    api.on(*RUN, answer)

    with pytest.raises(error):
        follow_statuses(api)
    assert len(api.requests_of(*RUN)) == 1


class TestCommand:
    @pytest.fixture(autouse=True)
    def accepted(self, api: FakeApi):
        api.on("POST", "/tasks/t/run", Answer({"runId": "r-1"}, status=202))

    @pytest.mark.parametrize(
        ("status", "exit_code"),
        [("Succeeded", 0), ("Failed", 1), ("Cancelled", 1), ("Skipped", 1)],
    )
    def test_the_exit_code_is_0_only_for_success(
        self, api: FakeApi, polysync: Invoke, status: str, exit_code: int
    ):
        api.on(*EVENTS, Stream([event(1, RUNNING), event(2, build_run(status))]))

        result = polysync("run", "t", "--follow")

        assert result.exit_code == exit_code
        assert f"Status       {status}" in result.stdout

    def test_without_a_screen_each_change_is_one_line_of_text(self, api: FakeApi, polysync: Invoke):
        api.on(*EVENTS, Stream([event(1, QUEUED), event(2, RUNNING), event(3, SUCCEEDED)]))

        lines = polysync("run", "t", "--follow").stderr.splitlines()

        assert [line.split()[3] for line in lines] == ["Queued", "Running", "Succeeded"]
        assert lines[1].endswith("http://127.0.0.1:8787/#job/1/run/4711")

    def test_with_json_the_output_is_only_the_final_run(self, api: FakeApi, polysync: Invoke):
        api.on(*EVENTS, Stream([event(1, RUNNING), event(2, SUCCEEDED)]))

        result = polysync("run", "t", "--follow", "--json")

        assert json.loads(result.stdout) == SUCCEEDED

    def test_a_failure_to_follow_names_the_command_that_shows_the_run(
        self, api: FakeApi, polysync: Invoke
    ):
        api.on(*RUN, Answer("<html>"))

        result = polysync("run", "t", "--follow")

        assert result.exit_code == 1
        assert "polysync follow r-1" in result.stderr

    @pytest.mark.usefixtures("interruptible")
    def test_an_interrupt_does_not_cancel_the_run(self, api: FakeApi):
        api.on(*EVENTS, Silence())
        command = [sys.executable, "-m", "polysync_core.cli", "run", "t", "--follow"]
        process = subprocess.Popen(
            command,
            env=os.environ | {"POLYSYNC_URL": api.url},
            cwd=Path(__file__).parents[4],
            stderr=subprocess.PIPE,
        )
        while not api.requests_of(*EVENTS):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)

        continues = "Run r-1 continues. To follow it again: polysync follow r-1"
        cancel = "To cancel it: polysync cancel r-1"
        assert (process.returncode, stderr.decode().splitlines()) == (130, [continues, cancel])
        assert not api.requests_of("POST", "/task-runs/r-1/cancel")


def test_a_queued_run_names_what_holds_it(api: FakeApi, polysync: Invoke):
    accepted = {"runId": "r-1", "graphRunId": "r-1", "statusUrl": "/x"}
    sentence = "Contention profile 'cap': 2 of 2 slots are in use, held by nap (r-0)."
    api.on("POST", "/tasks/t/run", Answer(accepted, status=202))
    api.on("GET", "/task-runs/r-1/explain", Answer({"waitingFor": [{"sentence": sentence}]}))
    api.on(*EVENTS, Stream([event(1, QUEUED), event(2, SUCCEEDED)]))

    lines = polysync("run", "t", "--follow").stderr.splitlines()

    assert lines[0].endswith(f"Queued - {sentence}")


def test_an_outage_is_reported_once_and_its_end_too(api: FakeApi, polysync: Invoke):
    accepted = {"runId": "r-1", "graphRunId": "r-1", "statusUrl": "/x"}
    api.on("POST", "/tasks/t/run", Answer(accepted, status=202))
    api.on(*EVENTS, Stream([event(1, RUNNING)], cut=True), Lost())
    down = problem(503, "A service does not answer", "Storage.")
    api.on("GET", "/task-runs/r-1", down, down, Answer(RUNNING), Answer(SUCCEEDED))

    lines = polysync("run", "t", "--follow").stderr.splitlines()

    assert [line.split("  ")[2] for line in lines] == [
        "Running",
        "no answer, trying again",
        "Running",
        "Succeeded",
    ]


def test_a_run_in_back_off_shows_the_time_of_its_next_attempt(api: FakeApi, polysync: Invoke):
    accepted = {"runId": "r-1", "graphRunId": "r-1", "statusUrl": "/x"}
    failed = build_run("Failed")["attempts"]
    waiting = build_run("Queued", nextAttemptAt="2026-01-01T06:30:00.000Z", attempts=failed)
    api.on("POST", "/tasks/t/run", Answer(accepted, status=202))
    api.on(*EVENTS, Stream([event(1, waiting), event(2, SUCCEEDED)]))

    result = polysync("run", "t", "--follow")

    assert "Queued, next attempt from 2026-01-01 06:30:00Z" in result.stderr
    assert result.exit_code == 0
