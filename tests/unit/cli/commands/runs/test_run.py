"""`polysync run`."""

from __future__ import annotations

import re

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi, Lost

ACCEPTED = Answer({"runId": "r-1", "graphRunId": "g-1", "statusUrl": "/x"}, status=202)


def test_values_priority_and_key_are_sent(api: FakeApi, polysync: Invoke):
    api.on("POST", "/tasks/t/run", ACCEPTED)

    result = polysync(
        *("run", "t", "-p", "day=2026-01-01", "-p", 'cfg:={"n": 1}'),
        *("--priority", "7", "--idempotency-key", "k"),
    )

    request = api.requests[0]
    assert request.body == {"parameters": {"day": "2026-01-01", "cfg": {"n": 1}}, "priority": 7}
    assert request.headers["idempotency-key"] == "k"
    assert result.stdout == "Run r-1 of t is accepted.\n"


@pytest.mark.parametrize(
    ("traceparent", "is_used"),
    [
        pytest.param(f"00-{'a' * 32}-{'b' * 16}-01", True, id="of a pipeline"),
        pytest.param("x\r\ny: z", False, id="malformed"),
        pytest.param("", False, id="empty"),
    ],
)
def test_a_command_belongs_to_the_trace_of_its_environment_or_starts_its_own(
    api: FakeApi,
    polysync: Invoke,
    monkeypatch: pytest.MonkeyPatch,
    traceparent: str,
    is_used: bool,
):
    monkeypatch.setenv("TRACEPARENT", traceparent)
    api.on("POST", "/tasks/t/run", ACCEPTED)

    polysync("run", "t")

    sent = api.requests[0].headers["traceparent"]
    assert (sent == traceparent) is is_used
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", sent)


def test_a_malformed_parameter_is_a_usage_error_and_no_request_is_sent(
    api: FakeApi, polysync: Invoke
):
    result = polysync("run", "t", "-p", "secret-value")

    assert result.exit_code == 2
    assert "name=value" in result.stderr
    assert "secret-value" not in result.stderr
    assert api.requests == []


def test_a_lost_answer_names_the_key_that_finds_the_run(api: FakeApi, polysync: Invoke):
    api.on("POST", "/tasks/t/run", Lost())

    result = polysync("run", "t")

    key = api.requests[0].headers["idempotency-key"]
    assert f"--idempotency-key {key}" in result.stderr
    assert result.exit_code == 1


def test_a_name_cannot_change_the_route(api: FakeApi, polysync: Invoke):
    polysync("run", "../jobs/x?y=1")

    assert api.requests[0].path == "/tasks/../jobs/x?y=1/run"
    assert polysync("run", "..").exit_code == 1
    assert len(api.requests) == 1
