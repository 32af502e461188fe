"""`polysync rerun`."""

from __future__ import annotations

import json

from tests.unit.cli.conftest import Invoke, build_run, event
from tests.unit.cli.fake_api import Answer, FakeApi, Lost, Stream, problem

ACCEPTED = Answer({"runId": "r-1", "graphRunId": "g-1", "statusUrl": "/x"}, status=202)


def test_the_request_has_a_key_and_the_new_run_is_named(api: FakeApi, polysync: Invoke):
    api.on("POST", "/task-runs/r-0/rerun", ACCEPTED)

    result = polysync("rerun", "r-0")

    assert api.requests[0].headers["idempotency-key"]
    assert api.requests[0].body is None
    assert result.stdout == "Run r-1 repeats r-0 and is accepted.\n"


def test_with_json_the_output_is_the_answer_of_the_api(api: FakeApi, polysync: Invoke):
    api.on("POST", "/task-runs/r-0/rerun", ACCEPTED)

    result = polysync("rerun", "r-0", "--idempotency-key", "k", "--json")

    assert json.loads(result.stdout)["runId"] == "r-1"
    assert api.requests[0].headers["idempotency-key"] == "k"


def test_with_downstream_the_dependent_tasks_run_too(api: FakeApi, polysync: Invoke):
    api.on("POST", "/task-runs/r-0/rerun", ACCEPTED)

    polysync("rerun", "r-0", "--downstream")

    assert api.requests[0].body == {"downstream": True}


def test_from_the_failure_only_the_failed_parts_run(api: FakeApi, polysync: Invoke):
    api.on("POST", "/task-runs/r-0/rerun", ACCEPTED)

    polysync("rerun", "r-0", "--from-failure", "--downstream")

    assert api.requests[0].body == {"downstream": True, "fromFailure": True}


def test_with_follow_the_command_waits_for_the_end_of_the_new_run(api: FakeApi, polysync: Invoke):
    api.on("POST", "/task-runs/r-0/rerun", ACCEPTED)
    api.on("GET", "/task-runs/r-1/events", Stream([event(1, build_run("Failed"))]))

    result = polysync("rerun", "r-0", "--follow")

    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.stdout


def test_an_active_run_is_not_repeated_and_the_reason_is_shown(api: FakeApi, polysync: Invoke):
    refusal = problem(409, "The present state does not allow it", "The run is Running.")
    api.on("POST", "/task-runs/r-0/rerun", refusal)

    result = polysync("rerun", "r-0")

    assert result.exit_code == 1
    assert "The run is Running." in result.stderr


def test_a_lost_answer_names_the_key_that_finds_the_run(api: FakeApi, polysync: Invoke):
    api.on("POST", "/task-runs/r-0/rerun", Lost())

    result = polysync("rerun", "r-0")

    assert f"--idempotency-key {api.requests[0].headers['idempotency-key']}" in result.stderr
