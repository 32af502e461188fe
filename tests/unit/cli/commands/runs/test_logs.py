"""`polysync logs`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi, problem

LOGS: dict[str, Any] = {
    "runId": "r-1",
    "attempt": 2,
    "status": "Failed",
    "cause": "Artefact",
    "error": "Workload failed.",
    "monitorUrl": "https://adb-1/#job/1/run/2",
    "state": "Found",
    "message": "The platform reports this failure.",
    "parts": [
        {"part": "load", "error": "ValueError: [bold]bad[/bold]", "trace": "Traceback\n  line 3"},
        {"part": "", "error": "", "trace": "only a trace\x1b[31m"},
    ],
    "note": "28 bytes were cut: at most 64 KiB are shown.",
}


def test_every_failed_part_is_shown_with_its_error_and_its_trace(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs/r-1/logs", Answer(LOGS))
    result = polysync("logs", "r-1")
    assert result.stdout.splitlines() == [
        "Attempt 2 failed (Artefact): Workload failed.",
        "",
        "load",
        "ValueError: [bold]bad[/bold]",
        "Traceback",
        "  line 3",
        "",
        "only a trace",
        "",
        "28 bytes were cut: at most 64 KiB are shown.",
        "On the platform: https://adb-1/#job/1/run/2",
    ]
    assert (result.exit_code, api.requests[0].query) == (0, {})


def test_an_attempt_can_be_chosen(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs/r-1/logs", Answer(LOGS))
    polysync("logs", "r-1", "--attempt", "1")
    assert api.requests[0].query == {"attempt": "1"}


@pytest.mark.parametrize(
    ("state", "code"),
    [("NotFailed", 0), ("NoDetails", 0), ("NoExternalRun", 0), ("Unavailable", 1)],
)
def test_a_run_without_details_shows_the_reason(
    api: FakeApi, polysync: Invoke, state: str, code: int
):
    answer = LOGS | {"parts": [], "note": None, "state": state, "message": "No details: why."}
    api.on("GET", "/task-runs/r-1/logs", Answer(answer))
    result = polysync("logs", "r-1")
    assert "No details: why." in result.stdout
    assert result.exit_code == code


def test_json_is_the_answer_of_the_api(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs/r-1/logs", Answer(LOGS))
    assert json.loads(polysync("logs", "r-1", "--json").stdout) == LOGS


def test_an_unknown_run_is_an_error(api: FakeApi, polysync: Invoke):
    api.on(
        "GET", "/task-runs/r-1/logs", problem(404, "Not Found", "There is no task run of this id.")
    )
    result = polysync("logs", "r-1")
    assert "There is no task run of this id." in result.stderr
    assert result.exit_code == 1
