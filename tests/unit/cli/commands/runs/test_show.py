"""`polysync show`."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.conftest import Invoke, build_run
from tests.unit.cli.fake_api import Answer, FakeApi

HISTORY = {
    "items": [
        {
            "at": "2026-01-01T06:00:01Z",
            "from": "Queued",
            "to": "Running",
            "reason": "Started.",
            "actor": "dispatcher",
            "attempt": 1,
        }
    ]
}


@pytest.fixture(autouse=True)
def a_failed_run(api: FakeApi):
    api.on("GET", "/task-runs/r-1", Answer(build_run("Failed")))
    api.on("GET", "/task-runs/r-1/history", Answer(HISTORY))


def test_all_facts_are_shown_and_markup_is_not_interpreted(polysync: Invoke):
    output = polysync("show", "r-1").stdout

    assert "Artefact" in output
    assert "http://127.0.0.1:8787/#job/1/run/4711" in output
    assert "ZeroDivisionError [red]division[/red]" in output
    assert "vault://local/TOKEN" in output
    assert "dispatcher" in output
    assert "Started." in output


def test_sensitive_outputs_and_dropped_outputs_are_marked(api: FakeApi, polysync: Invoke):
    outputs = {"rows": 5, "token": {"redacted": True}}
    run = build_run(outputs=outputs, outputsNotKept={"table": "it has 70,002 bytes"})
    api.on("GET", "/task-runs/r-1", Answer(run))
    api.on("GET", "/task-runs/r-1/history", Answer({"items": []}))
    lines = polysync("show", "r-1").stdout.splitlines()
    section = lines[lines.index("Outputs") + 1 :]
    assert [line.split(maxsplit=1) for line in section[:3]] == [
        ["rows", "5"],
        ["token", "(sensitive)"],
        ["table", "not kept: it has 70,002 bytes"],
    ]


def test_the_next_attempt_and_the_repeated_run_are_shown(api: FakeApi, polysync: Invoke):
    waiting = build_run("Queued", nextAttemptAt="2026-01-01T06:30:00.000Z", rerunOf="r-0")
    api.on("GET", "/task-runs/r-1", Answer(waiting))

    lines = [line.split(maxsplit=2) for line in polysync("show", "r-1").stdout.splitlines()]

    assert ["Next", "attempt", "2026-01-01 06:30:00Z"] in lines
    assert ["Rerun", "of", "r-0"] in lines


def test_with_json_the_output_is_the_run_with_its_history(polysync: Invoke):
    answer = json.loads(polysync("show", "r-1", "--json").stdout)

    assert answer == {**build_run("Failed"), "history": HISTORY["items"]}


def test_an_error_text_cannot_control_the_terminal(api: FakeApi, polysync: Invoke):
    run = build_run("Failed")
    run["attempts"][0]["error"] = "\x1b[31mred\x1b[0m \x1b]0;title\x07 bell\x07\r\n\x1b[2Jend"
    api.on("GET", "/task-runs/r-1", Answer(run))

    output = polysync("show", "r-1").stdout

    assert "Attempt 1: red  bell\nend\n" in output
    assert not {"\x1b", "\x07"} & set(output)


def test_an_unknown_run_is_an_error(polysync: Invoke):
    result = polysync("show", "r-2")

    assert result.exit_code == 1
    assert result.stderr == "Error: Not found: /task-runs/r-2.\n"


def test_a_parameter_is_shown_as_sent_with_its_formula_or_its_source(
    api: FakeApi, polysync: Invoke
):
    run = build_run(
        timeZone="Australia/Sydney",
        parameters={"day": "${run.scheduledTime:%Y-%m-%d}", "rows": "5000", "mode": "[bold]all"},
        mappedInputs={"rows": {"task": "extract", "runId": "r-0", "output": "rows"}},
    )
    run["attempts"][0]["parameters"] = {"day": "2026-01-02", "rows": "5000", "mode": "[bold]all"}
    api.on("GET", "/task-runs/r-1", Answer(run))
    lines = [" ".join(line.split()) for line in polysync("show", "r-1").stdout.splitlines()]

    assert "Time zone Australia/Sydney" in lines
    assert "day 2026-01-02 (from ${run.scheduledTime:%Y-%m-%d})" in lines
    assert "rows 5000 (output rows of extract, run r-0)" in lines
    assert "mode [bold]all" in lines


def test_values_that_differ_between_attempts_have_one_line_each(api: FakeApi, polysync: Invoke):
    run = build_run(parameters={"key": "${run.id}-${run.attempt}"})
    (first,) = run["attempts"]
    second = {**first, "number": 2, "parameters": {"key": "r-1-2"}}
    run["attempts"] = [{**first, "parameters": {"key": "r-1-1"}}, second]
    api.on("GET", "/task-runs/r-1", Answer(run))
    lines = [" ".join(line.split()) for line in polysync("show", "r-1").stdout.splitlines()]

    assert "key attempt 1: r-1-1" in lines
    assert "attempt 2: r-1-2 (from ${run.id}-${run.attempt})" in lines


def test_a_value_that_was_not_kept_is_shown_as_its_formula(api: FakeApi, polysync: Invoke):
    run = build_run(parameters={"key": "${run.id}", "day": "x"})
    run["attempts"][0] |= {"parameters": {"day": "x"}, "parametersNotKept": ["key"]}
    api.on("GET", "/task-runs/r-1", Answer(run))
    lines = [" ".join(line.split()) for line in polysync("show", "r-1").stdout.splitlines()]

    assert "key ${run.id}" in lines


def test_a_run_with_a_problem_shows_it_in_place_of_the_reason(api: FakeApi, polysync: Invoke):
    text = "cannot reach the platform: Key Vault does not answer (7 tries, next at 10:50:26Z)"
    run = build_run("Running", reason="Submitting attempt 1.", problem={"text": text})
    api.on("GET", "/task-runs/r-1", Answer(run))
    output = " ".join(polysync("show", "r-1").stdout.split())
    assert f"Running - {text}" in output
    assert "Submitting" not in output


def test_an_ended_run_shows_its_outcome_and_its_problem(api: FakeApi, polysync: Invoke):
    text = "cannot notify the dependents: the storage is away (2 tries)"
    run = build_run("Succeeded", reason="The platform reports success.", problem={"text": text})
    api.on("GET", "/task-runs/r-1", Answer(run))
    output = " ".join(polysync("show", "r-1").stdout.split())
    assert "Succeeded - The platform reports success." in output
    assert f"Problem {text}" in output


def test_the_history_is_requested_without_a_page_size(api: FakeApi, polysync: Invoke):
    polysync("show", "r-1")

    (request,) = api.requests_of("GET", "/task-runs/r-1/history")
    assert request.query == {}


def test_warnings_are_shown_with_the_facts(api: FakeApi, polysync: Invoke):
    warning = "Warning: the artefact /etl/x no longer reads parameter 'max_rows'."
    api.on("GET", "/task-runs/r-1", Answer(build_run("Succeeded", warnings=[warning])))

    assert warning in polysync("show", "r-1").stdout.splitlines()
