"""`polysync cancel`."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.conftest import Invoke, build_run
from tests.unit.cli.fake_api import Answer, FakeApi, problem


def test_the_cancellation_is_requested(api: FakeApi, polysync: Invoke):
    api.on("POST", "/task-runs/r-1/cancel", Answer(b"", status=202))

    result = polysync("cancel", "r-1")

    assert result.stdout == "The cancellation of run r-1 is requested.\n"


@pytest.mark.parametrize(
    ("status", "exit_code", "output"),
    [
        ("Running", 0, "The cancellation of run r-1 is requested.\n"),
        ("Cancelled", 0, "Run r-1 is cancelled.\n"),
        ("Succeeded", 1, "Run r-1 has already ended: Succeeded.\n"),
    ],
)
def test_the_exit_code_is_1_only_if_the_run_ended_with_another_status(
    api: FakeApi, polysync: Invoke, status: str, exit_code: int, output: str
):
    api.on("POST", "/task-runs/r-1/cancel", Answer(build_run(status), status=202))

    result = polysync("cancel", "r-1")

    assert (result.exit_code, result.stdout) == (exit_code, output)


def test_the_error_of_the_api_is_shown(api: FakeApi, polysync: Invoke):
    over = problem(409, "The present state does not allow it", "The run has Succeeded.")
    api.on("POST", "/task-runs/r-1/cancel", over)

    result = polysync("cancel", "r-1", "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["status"] == 409
    assert "The run has Succeeded." in result.stderr
