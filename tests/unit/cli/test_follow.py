"""Following a run: whatever happens to the connection, the outcome is what counts."""

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

from polysync_core.cli import follow
from polysync_core.cli.client import Api
from polysync_core.cli.errors import ApiProblem, UnexpectedAnswer
from polysync_core.cli.events import Event, parse_events
from polysync_core.cli.follow import Follower
from tests.unit.cli.conftest import Invoke, build_run, event
from tests.unit.cli.fake_api import Answer, FakeApi, Lost, Reaction, Silence, Stream, problem

EVENTS = ("GET", "/task-runs/r-1/events")
RUN = ("GET", "/task-runs/r-1")
QUEUED, RUNNING, SUCCEEDED = (build_run(status) for status in ("Queued", "Running", "Succeeded"))


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


def followed(api: FakeApi) -> list[str]:
    """Return the statuses that following the run brings."""
    clock = Clock()
    with Api(api.url) as client:
        follower = Follower(client, "r-1", sleep=clock.sleep, monotonic=clock.monotonic)
        return [run.status for run in follower.runs()]


def test_the_events_are_enough(api: FakeApi):
    api.on(*EVENTS, Stream([event(1, QUEUED), event(2, RUNNING), event(3, SUCCEEDED)]))

    assert followed(api) == ["Queued", "Running", "Succeeded"]
    assert [request.path for request in api.requests] == [EVENTS[1]]


def test_a_dropped_connection_goes_on_after_the_last_event(api: FakeApi):
    api.on(*EVENTS, Stream([event(6, RUNNING)], cut=True), Stream([event(7, SUCCEEDED)]))
    api.on(*RUN, Answer(RUNNING))

    assert followed(api)[-1] == "Succeeded"
    first, second = api.asked(*EVENTS)
    assert "last-event-id" not in first.headers
    assert second.headers["last-event-id"] == "6"


def test_an_end_that_was_lost_with_the_connection_is_read(api: FakeApi):
    api.on(*EVENTS, Stream([event(1, RUNNING)], cut=True))
    api.on(*RUN, Answer(SUCCEEDED))

    assert followed(api) == ["Running", "Succeeded"]


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(problem(404, "Not found", "No such route."), id="the route is not there"),
        pytest.param(Answer("<html>", content_type="text/html"), id="it is not a stream"),
        pytest.param(Stream([]), id="it ends at once"),
        pytest.param(Stream([b": keep-alive\n\n"], cut=True), id="it brings nothing and breaks"),
        pytest.param(Stream([b"event: status\ndata: {\n\n"]), id="its events are not JSON"),
        pytest.param(Lost(), id="it is never answered"),
    ],
)
def test_where_events_do_not_work_the_run_is_read(api: FakeApi, events: Reaction):
    api.on(*EVENTS, events)
    api.on(*RUN, *[Answer(QUEUED)] * 4, Answer(RUNNING), Answer(SUCCEEDED))

    assert followed(api) == ["Queued"] * 4 + ["Running", "Succeeded"]
    assert len(api.asked(*EVENTS)) == follow.FRUITLESS_STREAMS


def test_a_long_quiet_run_does_not_make_the_events_useless(api: FakeApi):
    """The cloud cuts every stream after some minutes, in which a long run has no news."""
    quiet = [Stream([b": still here\n\n"])] * 5
    api.on(*EVENTS, *quiet, Stream([event(2, SUCCEEDED)]))
    api.on(*RUN, Answer(RUNNING))
    times = itertools.count(step=210.0)

    with Api(api.url) as client:
        follower = Follower(client, "r-1", sleep=lambda _: None, monotonic=lambda: next(times))
        outcome = [run.status for run in follower.runs()]

    assert outcome == ["Running"] * 5 + ["Succeeded"]


def test_a_server_that_restarts_is_waited_for(api: FakeApi):
    down = problem(503, "A service does not answer", "Storage.")
    api.on(*EVENTS, Lost())
    api.on(*RUN, down, Lost(), Answer("<html>", status=502), Answer(SUCCEEDED))

    assert followed(api) == ["Succeeded"]


def test_a_server_that_stays_away_ends_it(api: FakeApi):
    api.on(*RUN, problem(503, "A service does not answer", "Storage."))

    with pytest.raises(ApiProblem, match="Storage"):
        followed(api)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(problem(404, "Nothing", "r-1."), ApiProblem, id="a run that is not there"),
        pytest.param(Answer("<html>"), UnexpectedAnswer, id="a server that is another"),
    ],
)
def test_what_does_not_pass_is_not_waited_for(api: FakeApi, answer: Answer, error: type[Exception]):
    api.on(*RUN, answer)

    with pytest.raises(error):
        followed(api)
    assert len(api.asked(*RUN)) == 1


class TestCommand:
    @pytest.fixture(autouse=True)
    def accepted(self, api: FakeApi):
        api.on("POST", "/tasks/t/run", Answer({"runId": "r-1"}, status=202))

    @pytest.mark.parametrize(
        ("status", "exit_code"),
        [("Succeeded", 0), ("Failed", 1), ("Cancelled", 1), ("Skipped", 1)],
    )
    def test_only_success_ends_with_0(
        self, api: FakeApi, polysync: Invoke, status: str, exit_code: int
    ):
        api.on(*EVENTS, Stream([event(1, RUNNING), event(2, build_run(status))]))

        result = polysync("run", "t", "--follow")

        assert result.exit_code == exit_code
        assert f"Status       {status}" in result.stdout

    def test_without_a_screen_each_change_is_a_plain_line(self, api: FakeApi, polysync: Invoke):
        api.on(*EVENTS, Stream([event(1, QUEUED), event(2, RUNNING), event(3, SUCCEEDED)]))

        lines = polysync("run", "t", "--follow").stderr.splitlines()

        assert [line.split()[3] for line in lines] == ["Queued", "Running", "Succeeded"]
        assert lines[1].endswith("http://127.0.0.1:8787/#job/1/run/4711")

    def test_programs_get_nothing_but_the_final_run(self, api: FakeApi, polysync: Invoke):
        api.on(*EVENTS, Stream([event(1, RUNNING), event(2, SUCCEEDED)]))

        result = polysync("run", "t", "--follow", "--json")

        assert json.loads(result.stdout) == SUCCEEDED

    def test_a_run_that_cannot_be_followed_is_said_to_go_on(self, api: FakeApi, polysync: Invoke):
        api.on(*RUN, Answer("<html>"))

        result = polysync("run", "t", "--follow")

        assert result.exit_code == 1
        assert "polysync show r-1" in result.stderr

    def test_an_interrupt_leaves_the_run_alone(self, api: FakeApi):
        api.on(*EVENTS, Silence())
        command = [sys.executable, "-m", "polysync_core.cli", "run", "t", "--follow"]
        process = subprocess.Popen(
            command,
            env=os.environ | {"POLYSYNC_URL": api.url},
            cwd=Path(__file__).parents[3],
            stderr=subprocess.PIPE,
        )
        until = time.monotonic() + 60
        while not api.asked(*EVENTS) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)

        assert process.returncode == 130
        assert said.decode() == "Run r-1 goes on. To cancel it: polysync cancel r-1\n"
        assert not api.asked("POST", "/task-runs/r-1/cancel")


class TestEvents:
    TEXT = 'id: 1\nevent: status\ndata: {"a":\ndata:  "\u2028é"}\n\n: ping\n\nretry: 5\ndata: 2\n\n'
    EXPECTED = [
        Event(name="status", id="1", data='{"a":\n "\u2028é"}'),
        Event(name="message", id="1", data="2"),
    ]

    @pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("size", [1, 2, 3, 1000])
    def test_are_the_same_however_they_are_cut(self, line_end: str, size: int):
        stream = self.TEXT.replace("\n", line_end).encode()
        chunks = [stream[start : start + size] for start in range(0, len(stream), size)]

        assert list(parse_events(chunks)) == self.EXPECTED

    def test_an_unfinished_one_is_dropped(self):
        assert list(parse_events([b"data: 1\n\ndata: 2\n"])) == [
            Event(name="message", id=None, data="1")
        ]


def test_a_run_in_back_off_says_when_it_goes_on(api: FakeApi, polysync: Invoke):
    accepted = {"runId": "r-1", "graphRunId": "r-1", "statusUrl": "/x"}
    failed = build_run("Failed")["attempts"]
    waits = build_run("Queued", nextAttemptAt="2026-01-01T06:30:00.000Z", attempts=failed)
    api.on("POST", "/tasks/t/run", Answer(accepted, status=202))
    api.on(*EVENTS, Stream([event(1, waits), event(2, SUCCEEDED)]))

    result = polysync("run", "t", "--follow")

    assert "Queued, next attempt from 2026-01-01 06:30:00Z" in result.stderr
    assert result.exit_code == 0
