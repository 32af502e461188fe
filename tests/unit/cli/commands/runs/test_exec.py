"""`polysync exec`."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.conftest import Invoke, build_run, event
from tests.unit.cli.fake_api import Answer, FakeApi, Lost, Stream


def test_values_and_key_are_sent(api: FakeApi, polysync: Invoke):
    api.on("POST", "/jobs/j/run", Answer({"runId": "r-1", "statusUrl": "/x"}))

    result = polysync("exec", "j", "-p", "day=2026-01-01", "-p", "n:=3")

    request = api.requests[0]
    assert request.body == {"params": {"day": "2026-01-01", "n": 3}}
    assert request.headers["idempotency-key"]
    assert result.stdout == "Run r-1 of job j is accepted.\n"


def test_with_json_the_output_is_the_answer_of_the_api(api: FakeApi, polysync: Invoke):
    answer = {"runId": "r-1", "statusUrl": "/x"}
    api.on("POST", "/jobs/j/run", Answer(answer))

    assert json.loads(polysync("exec", "j", "--json").stdout) == answer


@pytest.mark.parametrize(("status", "code"), [("Succeeded", 0), ("Failed", 1)])
def test_with_follow_the_command_waits_for_the_end_of_the_run(
    api: FakeApi, polysync: Invoke, status: str, code: int
):
    api.on("POST", "/jobs/j/run", Answer({"runId": "r-1"}))
    api.on("GET", "/task-runs/r-1/events", Stream([event(3, build_run(status, task=None))]))

    result = polysync("exec", "j", "--follow")

    assert result.exit_code == code
    assert "sales-load on lakehouse, without a task" in result.stdout
    assert "Task " not in result.stdout


def test_a_lost_answer_names_the_key_for_the_repetition(api: FakeApi, polysync: Invoke):
    api.on("POST", "/jobs/j/run", Lost())

    result = polysync("exec", "j", "--idempotency-key", "k")

    assert result.exit_code == 1
    assert "--idempotency-key k" in result.stderr


def test_a_malformed_value_is_a_usage_error(api: FakeApi, polysync: Invoke):
    assert polysync("exec", "j", "-p", "day").exit_code == 2
    assert api.requests == []
