"""Commands for the runs of a job key, which only Databricks stores."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync import following
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi, Lost, Stream

RUN = "/jobs/etl/runs/4711"
OUTPUT: dict[str, Any] = {
    "tasks": [
        {
            "taskKey": "load",
            "runId": 12,
            "status": "TERMINATED",
            "result": "FAILED",
            "output": {
                "notebook_output": {"result": "7 rows"},
                "error": "ZeroDivisionError: division by zero",
                "error_trace": "line 3",
                "logs": "reading",
            },
        },
        {"taskKey": "report", "runId": 13, "status": "SKIPPED", "refusal": "400 Bad Request"},
    ]
}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(following, "RECONNECT_SECONDS", 0.0)


def a_run(state: str, result: str | None = None, **more: Any) -> dict[str, Any]:
    words = {"life_cycle_state": state, **({"result_state": result} if result else {})}
    times = {"start_time": 1_767_225_600_000, "end_time": 1_767_225_690_000 if result else 0}
    page = {"run_page_url": "https://adb-1.2.azuredatabricks.net/#job/10/run/4711"}
    return {"run_id": 4711, "job_id": 10, "state": words, **times, **page, **more}


def an_event(number: int, run: dict[str, Any]) -> bytes:
    data = json.dumps({"status": run["state"]["life_cycle_state"], "timestamp": 1, "run": run})
    return f"id: 4711-{number}\nevent: message\ndata: {data}\n\n".encode()


@pytest.mark.parametrize(("result", "code"), [("SUCCESS", 0), ("FAILED", 1), ("CANCELED", 1)])
def test_exec_with_follow_waits_for_the_end_of_the_run(
    api: FakeApi, polysync: Invoke, result: str, code: int
) -> None:
    api.on("POST", "/jobs/etl/run", Answer({"runId": 4711}))
    events = [
        b"\n",
        an_event(1, a_run("PENDING")),
        an_event(2, a_run("RUNNING")),
        an_event(3, a_run("TERMINATED", result)),
    ]
    api.on("GET", RUN, Stream(events))
    api.on("GET", f"{RUN}/outputs", Answer(OUTPUT))

    answer = polysync("exec", "etl", "--follow")

    assert answer.exit_code == code
    assert [request.method for request in api.requests] == ["POST", "GET", "GET"]
    assert api.requests[1].query == {"stream": "true"}
    assert result in answer.stdout
    assert "7 rows" in answer.stdout
    assert "RUNNING" in answer.stderr


def test_a_stream_that_ends_before_the_run_is_continued(api: FakeApi, polysync: Invoke) -> None:
    api.on("POST", "/jobs/etl/run", Answer({"runId": 4711}))
    timeout = b'id: 4711-1\nevent: error\ndata: {"error": "x", "code": "TIMEOUT"}\n\n'
    api.on(
        "GET",
        RUN,
        Stream([an_event(1, a_run("RUNNING")), timeout]),
        Answer(a_run("RUNNING")),
        Stream([an_event(2, a_run("TERMINATED", "SUCCESS"))]),
    )
    api.on("GET", f"{RUN}/outputs", Answer({"tasks": []}))

    assert polysync("exec", "etl", "--follow").exit_code == 0
    assert api.requests[3].headers["last-event-id"] == "4711-1"
    assert [request.method for request in api.requests].count("POST") == 1


def test_a_run_is_followed_by_reads_if_no_stream_opens(api: FakeApi, polysync: Invoke) -> None:
    api.on("POST", "/jobs/etl/run", Answer({"runId": 4711}))
    active, ended = Answer(a_run("RUNNING")), a_run("TERMINATED", "SUCCESS")
    api.on("GET", RUN, active, Lost(), active, Lost(), Answer(ended))

    result = polysync("exec", "etl", "--follow", "--json")

    assert (result.exit_code, json.loads(result.stdout)) == (0, ended)


def test_a_run_that_cannot_be_read_names_the_command_that_shows_it(
    api: FakeApi, polysync: Invoke
) -> None:
    api.on("POST", "/jobs/etl/run", Answer({"runId": 4711}))
    api.on("GET", RUN, Answer({"title": "Forbidden", "status": 403}, 403))

    result = polysync("exec", "etl", "--follow")

    assert result.exit_code == 1
    assert "polysync show 4711 --job etl" in result.stderr


def test_show_prints_the_run_and_its_outputs(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", RUN, Answer(a_run("TERMINATED", "FAILED")))
    api.on("GET", f"{RUN}/outputs", Answer(OUTPUT))

    result = polysync("show", "4711", "--job", "etl")

    assert result.exit_code == 0
    for text in ("4711", "etl", "FAILED", "1 m 30 s", "#job/10/run/4711", "Task load", "7 rows"):
        assert text in result.stdout
    assert "400 Bad Request" in result.stdout


def test_show_of_an_active_run_reads_no_output(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", RUN, Answer(a_run("RUNNING")))
    assert "RUNNING" in polysync("show", "4711", "--job", "etl").stdout
    assert len(api.requests) == 1


@pytest.mark.parametrize("command", ["show", "logs", "cancel"])
def test_last_means_the_newest_run_of_the_key(api: FakeApi, polysync: Invoke, command: str) -> None:
    api.on("GET", "/jobs/etl/status", Answer({"status": "RUNNING", "run": a_run("RUNNING")}))
    api.on("GET", RUN, Answer(a_run("RUNNING")))
    api.on("GET", f"{RUN}/outputs", Answer(OUTPUT))
    api.on("DELETE", RUN, Answer(b"", 204))

    assert polysync(command, "--last", "--job", "etl").exit_code == 0
    assert api.requests[1].path.startswith(RUN)


def test_a_key_without_runs_is_reported(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/jobs/etl/status", Answer({"status": None, "run": None}))
    result = polysync("show", "--last", "--job", "etl")
    assert (result.exit_code, "has no runs" in result.stderr) == (1, True)


def test_logs_prints_errors_traces_and_logs(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", f"{RUN}/outputs", Answer(OUTPUT))

    result = polysync("logs", "4711", "--job", "etl")

    for text in ("Task load: FAILED", "ZeroDivisionError", "line 3", "reading", "Task report"):
        assert text in result.stdout
    assert json.loads(polysync("logs", "4711", "--job", "etl", "--json").stdout) == OUTPUT


@pytest.mark.parametrize(
    ("run", "text", "code"),
    [
        (a_run("TERMINATING"), "is requested", 0),
        (a_run("TERMINATED", "CANCELED"), "is cancelled", 0),
        (a_run("TERMINATED", "SUCCESS"), "already ended: SUCCESS", 1),
        (a_run("INTERNAL_ERROR"), "already ended: INTERNAL_ERROR", 1),
    ],
)
def test_cancel_reports_the_state_of_the_run(
    api: FakeApi, polysync: Invoke, run: dict[str, Any], text: str, code: int
) -> None:
    api.on("DELETE", RUN, Answer(b"", 204))
    api.on("GET", RUN, Answer(run))

    result = polysync("cancel", "4711", "--job", "etl")

    assert (result.exit_code, text in result.stdout) == (code, True)


@pytest.mark.parametrize("command", ["show", "cancel"])
def test_a_run_that_polysync_stores_needs_no_job(
    api: FakeApi, polysync: Invoke, command: str
) -> None:
    api.on("GET", "/jobs/etl/runs/r-1", Answer({"runId": "r-1", "status": "Running"}))
    result = polysync(command, "r-1", "--job", "etl")
    assert (result.exit_code, "leave --job out" in result.stderr) == (1, True)
    assert [request.method for request in api.requests] == ["GET"]


@pytest.mark.parametrize("command", ["show", "logs", "cancel"])
def test_a_number_without_a_key_names_the_option(
    api: FakeApi, polysync: Invoke, command: str
) -> None:
    result = polysync(command, "4711")
    assert (result.exit_code, "take --job KEY" in result.stderr) == (1, True)
    assert api.requests == []


def test_runs_of_a_key_are_a_table(api: FakeApi, polysync: Invoke) -> None:
    runs = [a_run("RUNNING", run_id=4712), a_run("TERMINATED", "SUCCESS")]
    api.on("GET", "/jobs/etl/runs", Answer({"runs": runs}))

    result = polysync("runs", "--job", "etl")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].split()[:3] == ["Run", "State", "Result"]
    assert [line.split()[0] for line in result.stdout.splitlines()[-2:]] == ["4712", "4711"]
    assert json.loads(polysync("runs", "--job", "etl", "--json").stdout)["runs"] == runs


def test_job_keys_are_a_table(api: FakeApi, polysync: Invoke) -> None:
    schema = {"properties": {"day": {}, "region": {}}, "required": ["day"]}
    keys = {
        "etl": {"taskType": "notebook", "params": schema, "platform": None, "hasJobId": True},
        "bare": {"taskType": None, "params": None, "platform": "lakehouse", "hasJobId": False},
    }
    api.on("GET", "/job-keys", Answer({"jobs": keys}))

    etl, bare = polysync("job-keys").stdout.splitlines()[-2:]

    assert etl.split() == ["etl", "notebook", "day*,", "region", "-", "yes"]
    assert bare.split() == ["bare", "-", "-", "lakehouse", "missing"]
    assert json.loads(polysync("job-keys", "--json").stdout) == {"jobs": keys}


def test_without_job_keys_a_note_names_the_variable(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/job-keys", Answer({"jobs": {}}))
    result = polysync("job-keys")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "DATABRICKS_JOB_" in result.stderr


def test_a_platform_cannot_change_the_terminal(api: FakeApi, polysync: Invoke) -> None:
    hostile = a_run("RUNNING\x1b[2J", run_page_url="https://x/\x1b]0;title\x07")
    api.on("GET", RUN, Answer(hostile))
    assert "\x1b" not in polysync("show", "4711", "--job", "etl").stdout
