"""Runs of DAGs: starts that conflict, waits, outputs, repairs and descriptions."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ProviderStatus, Wait
from tests.fakes.http import Reply
from tests.fakes.scripted_platform import a_request
from tests.unit.platforms.apache_airflow.stand import RUN, a_job, a_run, airflow2, airflow3

START = "POST /api/v2/dags/load/dagRuns"
DETAILS = "GET /api/v2/dags/load/details"
XCOM = "/dagRuns/polysync-t0k/taskInstances/{}/xcomEntries/return_value"
QUEUED = "2029-12-31T23:58:00+00:00"


def test_a_start_has_the_token_in_its_id_and_typed_values() -> None:
    server = airflow3({START: a_run("queued")})
    job = a_job(Parameter(name="rows", data_type=DataType.INT))
    submitted = server.jobs.submit(a_request(job, {"rows": 3}))
    assert submitted.external_run_id == "polysync-t0k"
    assert server.body(START) == {
        "dag_run_id": "polysync-t0k",
        "conf": {"rows": 3},
        "logical_date": None,
        "note": "run 7",
    }


def test_airflow_2_gets_no_logical_date() -> None:
    server = airflow2({"POST /api/v1/dags/load/dagRuns": a_run("queued")})
    server.jobs.submit(a_request(a_job()))
    sent = server.body("POST /api/v1/dags/load/dagRuns")
    assert sent == {"dag_run_id": "polysync-t0k", "conf": {}}


def test_a_conflict_is_adopted_only_if_the_run_of_the_token_exists() -> None:
    own = airflow3({START: Reply(409), RUN: a_run("running")})
    assert own.jobs.submit(a_request(a_job())).external_run_id == "polysync-t0k"
    other = airflow2({"POST /api/v1/dags/load/dagRuns": Reply(409)})
    with pytest.raises(Unavailable, match="same moment"):
        other.jobs.submit(a_request(a_job()))


@pytest.mark.parametrize("answer", [{}, {"dag_run_id": "manual__1"}, {"dag_run_id": None}])
def test_an_answer_without_the_own_id_proves_nothing(answer: dict[str, Any]) -> None:
    server = airflow3({START: answer})
    with pytest.raises(Uncertain):
        server.jobs.submit(a_request(a_job()))


@pytest.mark.parametrize(
    ("status", "detail", "cause", "remedy"),
    [
        (400, "Invalid input for param rows: 'x'", FailureCause.PARAMETERS, "sync the job's"),
        (400, "DAG 'load' has import errors", FailureCause.SUBMIT, "import errors"),
        (404, "DAG with dag_id: 'load' not found", FailureCause.SUBMIT, "import the platform's"),
        (403, "Forbidden", FailureCause.SUBMIT, "can_edit"),
    ],
)
def test_a_refused_start_names_the_remedy(
    status: int, detail: str, cause: FailureCause, remedy: str
) -> None:
    server = airflow3({START: Reply.json({"detail": detail}, status)})
    with pytest.raises(PlatformRefused, match=remedy) as refusal:
        server.jobs.submit(a_request(a_job()))
    assert refusal.value.cause is cause


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({"is_paused": True}, "The DAG is paused, so its runs wait: unpause it in Airflow."),
        (
            {"is_paused": False, "max_active_runs": 1},
            "The run waits for Airflow's scheduler. The DAG has at most 1 active runs.",
        ),
        (Reply(403), None),
    ],
)
def test_a_run_that_waits_for_a_minute_has_its_reason(details: Any, message: str | None) -> None:
    server = airflow3({RUN: a_run("queued", queued_at=QUEUED), DETAILS: details})
    report = server.jobs.read(a_job(), "polysync-t0k")
    assert (report.status, report.wait) == (ProviderStatus.STARTING, Wait.PLATFORM_QUEUE)
    assert report.message == message


@pytest.mark.parametrize("state", ["queued", "running"])
def test_the_usual_poll_makes_one_call(state: str) -> None:
    server = airflow3({RUN: a_run(state, queued_at="2030-01-01T00:00:00Z")})
    server.jobs.read(a_job(), "polysync-t0k")
    assert server.sent == ["GET /api/v2/version", RUN]


def test_a_failure_names_the_failed_tasks_and_may_be_a_stop() -> None:
    tasks = [{"task_id": "load", "map_index": 3}, {"task_id": "check", "map_index": -1}]
    answers = {
        RUN: a_run("failed"),
        "GET /api/v2/dags/load/dagRuns/polysync-t0k/taskInstances": {"task_instances": tasks},
    }
    report = airflow3(answers).jobs.read(a_job(), "polysync-t0k")
    assert report.may_be_stopped
    assert report.message == "Failed tasks: load[3], check."


def test_an_ended_run_is_not_set_to_failed() -> None:
    server = airflow3({RUN: a_run("success")})
    server.jobs.cancel(a_job(), "polysync-t0k")
    assert server.sent[-1] == RUN


@pytest.mark.parametrize(
    ("value", "outputs"),
    [
        ({"rows": 7}, {"rows": 7}),
        (7, {"return_value": 7}),
        ([1], {"return_value": [1]}),
        ("x", {"return_value": "x"}),
    ],
)
def test_the_value_of_the_chosen_task_becomes_the_outputs(
    value: JsonValue, outputs: dict[str, JsonValue]
) -> None:
    path = f"GET /api/v2/dags/load{XCOM.format('sum')}"
    server = airflow3({RUN: a_run("success"), path: {"value": value}})
    job = a_job(outputsFromXcom=True, outputTask="sum")
    assert server.jobs.read(job, "polysync-t0k").outputs == outputs


def test_the_values_of_several_final_tasks_are_named_by_their_tasks() -> None:
    tasks = [
        {"task_id": "first", "downstream_task_ids": ["a", "b", "c"]},
        *({"task_id": each, "downstream_task_ids": []} for each in "abc"),
    ]
    server = airflow3(
        {
            RUN: a_run("success"),
            "GET /api/v2/dags/load/tasks": {"tasks": tasks},
            f"GET /api/v2/dags/load{XCOM.format('a')}": {"value": 1},
            f"GET /api/v2/dags/load{XCOM.format('b')}": {"value": {"x": 2}},
        }
    )
    report = server.jobs.read(a_job(outputsFromXcom=True), "polysync-t0k")
    assert report.outputs == {"a": 1, "b": {"x": 2}}


def test_a_run_without_a_value_succeeds_and_says_so() -> None:
    server = airflow3({RUN: a_run("success")})
    report = server.jobs.read(a_job(outputsFromXcom=True, outputTask="sum"), "polysync-t0k")
    assert report.status is ProviderStatus.SUCCESS
    assert "no value was returned by sum" in (report.outputs_missing or "")


def test_a_release_that_shows_values_as_texts_is_asked_again() -> None:
    path = f"GET /api/v1/dags/load{XCOM.format('sum')}"
    server = airflow2(
        {
            "GET /api/v1/dags/load/dagRuns/polysync-t0k": a_run("success"),
            path: [Reply(400), {"value": "{'rows': 7}"}],
        }
    )
    report = server.jobs.read(a_job(outputsFromXcom=True, outputTask="sum"), "polysync-t0k")
    assert report.outputs == {"return_value": "{'rows': 7}"}


CLEAR = "POST /api/v2/dags/load/clearTaskInstances"


def test_a_repair_clears_the_failed_tasks_of_the_run() -> None:
    server = airflow3({RUN: a_run("failed"), CLEAR: {"task_instances": []}})
    submitted = server.jobs.submit(a_request(a_job(), token="2nd", repairs="polysync-t0k"))
    assert submitted.external_run_id == "polysync-t0k;repair=2nd"
    assert server.body(CLEAR) == {
        "dry_run": False,
        "only_failed": True,
        "reset_dag_runs": True,
        "dag_run_id": "polysync-t0k",
    }
    server.jobs.read(a_job(), submitted.external_run_id)
    assert RUN in server.sent


@pytest.mark.parametrize(
    ("run", "clears"),
    [
        (a_run("running"), 0),
        (a_run("success"), 0),
        (a_run("failed", start_date="2030-01-01T00:01:00Z"), 0),
        (a_run("failed", start_date="2029-12-31T23:00:00Z"), 1),
    ],
)
def test_a_repeated_repair_clears_only_a_run_that_did_not_begin_again(
    run: dict[str, Any], clears: int
) -> None:
    server = airflow3({RUN: run, CLEAR: {"task_instances": []}})
    request = a_request(a_job(), token="2nd", repairs="polysync-t0k", is_resend=True)
    assert server.jobs.submit(request).external_run_id == "polysync-t0k;repair=2nd"
    assert server.sent.count(CLEAR) == clears


@pytest.mark.parametrize(
    ("param", "parameter"),
    [
        ({"value": None, "schema": {"type": "string"}}, Parameter(name="p", required=True)),
        ({"value": None, "schema": {"type": ["null", "string"]}}, Parameter(name="p")),
        (
            {"value": 3, "schema": {"anyOf": [{"type": "null"}, {"type": "integer"}]}},
            Parameter(name="p", data_type=DataType.INT, default=3),
        ),
        ([1, 2], Parameter(name="p", data_type=DataType.JSON_ARRAY, default=[1, 2])),
        ({"value": True, "schema": {}}, Parameter(name="p", data_type=DataType.BOOL, default=True)),
        (
            {"value": "x", "schema": {"type": "string", "title": "The day"}},
            Parameter(name="p", default="x", description="The day"),
        ),
        (
            {"value": "x", "schema": {"type": "integer"}},
            Parameter(name="p", data_type=DataType.INT),
        ),
    ],
)
def test_a_param_becomes_a_typed_parameter(param: JsonValue, parameter: Parameter) -> None:
    server = airflow3({DETAILS: {"dag_id": "load", "params": {"p": param}}})
    assert server.jobs.describe("load").parameters == (parameter,)


def test_a_paused_dag_and_a_wrong_name_are_noted() -> None:
    dag = {"dag_id": "load", "is_paused": True, "params": {"a\u200b": {"value": 1}}}
    schema = airflow3({DETAILS: dag}).jobs.describe("load")
    assert schema.parameters == ()
    assert not schema.is_complete
    assert any("paused" in note for note in schema.notes)


def test_inactive_dags_are_skipped_and_broken_ones_have_a_problem() -> None:
    pages = [
        {"dags": [{"dag_id": "a", "is_stale": True}, {"dag_id": "b"}], "total_entries": 4},
        {
            "dags": [{"dag_id": "c", "has_import_errors": True}, {"dag_id": "d e"}],
            "total_entries": 4,
        },
    ]
    server = airflow3({"GET /api/v2/dags": pages})
    found = {each.external_id: each for each in server.connector.artefacts()}
    assert {name: each.is_skipped for name, each in found.items()} == {
        "a": True,
        "b": False,
        "c": False,
        "d e": False,
    }
    assert [name for name, each in found.items() if each.problem] == ["a", "c", "d e"]
    assert "offset=2" in (server.requests[-1].url or "")


def test_the_log_of_a_failed_task_keeps_its_exception() -> None:
    run = "GET /api/v2/dags/load/dagRuns/polysync-t0k/taskInstances"
    tasks = [{"task_id": "load", "try_number": 2, "max_tries": 1, "operator": "BashOperator"}]
    error = {"exc_type": "ValueError", "exc_value": "no sales", "frames": []}
    content = [{"level": "error", "event": "Task failed", "error_detail": [error]}, "end"]
    server = airflow3({run: {"task_instances": tasks}, f"{run}/load/logs/2": {"content": content}})
    (part,) = server.jobs.failure_details(a_job(), "polysync-t0k").parts
    assert part.error == "The task failed (BashOperator, try 2 of 2)."
    assert part.trace == "error Task failed\nValueError: no sales\nend"
