"""Tests for the job routes of AppKit's jobs, as AppKit's clients use them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.http import Reply
from tests.unit.api.jobs.appkit_world import OPTIONS, SCHEMA, World, error_of


def test_a_run_is_answered_with_databricks_run_id(world: World) -> None:
    answer = world.run({"day": "x"})
    assert (answer.status_code, answer.json()) == (200, {"runId": 101})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    [call] = world.workspace.received
    assert call.body["notebook_params"] == {"day": "x"}


def test_names_are_case_sensitive_and_may_contain_an_underscore(world: World) -> None:
    assert world.run(name="Bare_1").json() == {"runId": 101}
    answer = world.client.get("/jobs/Etl/status")
    assert error_of(answer) == (404, 'Unknown job "Etl"')


def test_a_stored_job_wins_over_a_job_of_the_environment(world: World) -> None:
    answer = world.client.get("/jobs/stored/runs")
    assert answer.json() == {"runs": [], "continuationToken": None}
    assert world.workspace.received == []


@pytest.mark.parametrize(
    ("name", "params", "status", "text"),
    [
        ("broken", {"a": 1}, 404, 'Job "broken" has no configured job ID'),
        ("broken", 1, 404, 'Job "broken" has no configured job ID'),
        ("etl", None, 400, "params must be a plain object"),
        ("etl", [1], 400, "params must be a plain object"),
        ("with_schema", {"day": 5}, 400, "Invalid job parameters"),
        ("Bare_1", {}, 400, "This job does not accept parameters"),
        ("etl", {"a": {}}, 400, 'Parameter "a" must be a primitive value, got object'),
        ("model", {"a": 1}, 400, "dbt tasks do not accept parameters"),
        (
            "model",
            {f"p{n}": 1 for n in range(51)},
            400,
            "Too many parameters (51). Define a Zod schema to accept more than 50.",
        ),
    ],
)
@pytest.mark.parametrize("query", ["", "?stream=true"])
def test_invalid_parameters_are_refused_before_a_stream_opens(
    world: World, name: str, params: Any, status: int, text: str, query: str
) -> None:
    answer = world.client.post(f"/jobs/{name}/run{query}", json={"params": params})
    assert error_of(answer) == (status, text)
    assert world.workspace.received == []


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"params=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b'{"params": {}}', {"Content-Type": "text/plain"}, 415),
        (b'{"params": {}}', {}, 415),
        (b"{}", {"Content-Type": "application/json; charset=latin1"}, 415),
        (b"{}", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
        (b"null", {"Content-Type": "application/json"}, 400),
        (b"[]", {"Content-Type": "application/json"}, 400),
        (b"  ", {"Content-Type": "application/json"}, 400),
        (b"{", {"Content-Type": "application/json"}, 400),
        (b'{"parameters": {"a": "x"}}', {"Content-Type": "application/json"}, 400),
        (b'{"Params": {"a": "x"}}', {"Content-Type": "application/json"}, 400),
        (b'{"day": "2026-01-01"}', {"Content-Type": "application/json"}, 400),
        (b'{"parameters": {}}', {"Content-Type": "application/json"}, 400),
    ],
)
def test_an_invalid_body_starts_no_run(
    world: World, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = world.client.post("/jobs/etl/run", content=content, headers=headers)
    assert error_of(answer)[0] == status
    assert world.workspace.received == []


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"", "text/plain"),
        (b"", "application/json"),
        (b'\xef\xbb\xbf{"params": {}}', "application/json; charset=UTF-8"),
        (b'{"params": {}, "other": 1}', "application/merge-patch+json"),
    ],
)
def test_a_valid_body_starts_a_run(world: World, content: bytes, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    answer = world.client.post("/jobs/etl/run", content=content, headers=headers)
    assert answer.json() == {"runId": 101}


def test_a_misspelt_field_is_named(world: World) -> None:
    answer = world.client.post("/jobs/etl/run?stream=true", json={"parameters": {"a": "x"}})
    assert error_of(answer) == (400, "Bad Request")
    [problem] = answer.json()["errors"]
    assert problem["path"] == "parameters"
    assert "params" in problem["message"]


def test_a_refusal_by_a_schema_names_the_field_and_the_rule(world: World) -> None:
    answer = world.run({"day": 5}, name="with_schema")
    assert error_of(answer) == (400, "Invalid job parameters")
    assert answer.json()["errors"] == [
        {"path": "params.day", "message": "must be a text, not a whole number"}
    ]


def test_texts_from_databricks_are_not_shown(world: World) -> None:
    world.workspace.fail("run-now", 403)
    answer = world.run()
    assert error_of(answer) == (403, "Forbidden")
    assert "canary" not in answer.text.lower()
    world.workspace.fail("runs/list", 499)
    assert error_of(world.client.get("/jobs/etl/runs")) == (499, "Unknown Error")


def test_a_busy_workspace_is_answered_with_retry_after(world: World) -> None:
    world.workspace.fail("run-now", 429, headers={"Retry-After": "60"})
    answer = world.run()
    assert error_of(answer) == (429, "Too Many Requests")
    assert answer.headers["retry-after"] == "60"


def test_a_start_without_a_run_id_is_answered_with_an_empty_object(world: World) -> None:
    world.workspace.faults = [("run-now", Reply())]
    assert world.run().json() == {}


@pytest.mark.parametrize(
    ("text", "run_id"), [("{run}abc", 101), ("%20{run}", 101), ("0{run}.9", 101)]
)
def test_a_run_id_is_the_leading_number_of_the_text(world: World, text: str, run_id: int) -> None:
    world.run()
    answer = world.client.get(f"/jobs/etl/runs/{text.format(run=run_id)}")
    assert answer.json() == {
        "run_id": 101,
        "job_id": 10,
        "state": {"life_cycle_state": "TERMINATED"},
    }


@pytest.mark.parametrize("text", ["abc", "0", "-1", "0x10", "NaN", "9" * 40, "%ED%95%9C"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_invalid_run_id_is_refused(world: World, method: str, text: str) -> None:
    answer = world.client.request(method, f"/jobs/etl/runs/{text}")
    assert error_of(answer) == (400, "Invalid runId")
    assert world.workspace.received == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_run_of_another_job_is_not_found(world: World, method: str) -> None:
    world.run(name="other")
    answer = world.client.request(method, "/jobs/etl/runs/101")
    assert error_of(answer) == (404, "Not Found")
    assert "belongs to another job" in answer.json()["detail"]
    assert world.workspace.calls("runs/cancel") == []


def test_a_cancelled_run_is_read_again(world: World) -> None:
    world.workspace.states = ["RUNNING", "TERMINATED"]
    world.run()
    states = []
    for _ in range(2):
        states.append(world.client.get("/jobs/etl/runs/101").json()["state"]["life_cycle_state"])
        answer = world.client.delete("/jobs/etl/runs/101")
        assert (answer.status_code, answer.content) == (204, b"")
        assert "content-type" not in answer.headers
    assert states == ["RUNNING", "TERMINATED"]


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("", 20),
        ("?limit=5", 5),
        ("?limit=0", 20),
        ("?limit=-5", 1),
        ("?limit=2.7", 2),
        ("?limit=7xyz", 7),
        ("?limit=xyz", 20),
        ("?limit=1e2", 1),
        ("?limit=%209", 9),
        ("?limit=%2B11", 11),
        ("?limit=3&limit=4", 3),
        ("?limit[]=8", 8),
    ],
)
def test_a_limit_is_read_by_the_rules_of_javascript(world: World, query: str, limit: int) -> None:
    assert world.client.get(f"/jobs/etl/runs{query}").json() == {"runs": []}
    assert [call.query["limit"] for call in world.workspace.received] == [str(limit)]


def test_the_status_describes_the_newest_run(world: World) -> None:
    assert world.client.get("/jobs/etl/status").json() == {"status": None, "run": None}
    world.run()
    run = {"run_id": 101, "job_id": 10}
    assert world.client.get("/jobs/etl/status").json() == {"status": None, "run": run}


def test_the_job_keys_are_listed_with_task_type_and_schema(world: World) -> None:
    jobs = world.client.get("/job-keys").json()["jobs"]
    assert [*jobs] == sorted([*OPTIONS, "bare_1", "broken", "other", "stored"])
    assert jobs["with_schema"] == {
        "taskType": "notebook",
        "params": SCHEMA,
        "platform": None,
        "hasJobId": True,
    }
    assert jobs["broken"]["hasJobId"] is False
    assert world.workspace.received == []


FETCH = {"Sec-Fetch-Mode": "cors", "Accept": "*/*"}
AXIOS = {"Accept": "application/json, text/plain, */*"}


@pytest.mark.parametrize("headers", [FETCH, AXIOS], ids=["fetch", "a program that asks for JSON"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/jobs/etl/run", b'{"params": 1}'),
        ("POST", "/jobs/etl/run?stream=true", b'{"params": 1}'),
        ("POST", "/jobs/nothing/run", b"{}"),
        ("POST", "/jobs/etl/run", b"{"),
        ("GET", "/jobs/etl/runs/abc", None),
        ("GET", "/jobs/stored/runs/abc", None),
        ("DELETE", "/jobs/etl/status", None),
        ("GET", "/jobs/etl/status?x=1", None),
    ],
)
def test_an_error_has_the_type_that_the_client_reads(
    world: World, headers: dict[str, str], method: str, path: str, body: bytes | None
) -> None:
    kind = {"Content-Type": "application/json"} if body else {}
    answer = world.client.request(method, path, content=body, headers={**headers, **kind})
    assert answer.status_code >= 400
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert (answer.json()["plugin"], answer.json()["status"]) == ("jobs", answer.status_code)
    assert answer.json()["error"]


def test_other_errors_stay_problem_documents(world: World) -> None:
    answer = world.client.get("/tasks/nothing", headers=AXIOS)
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_outputs_of_a_run_are_read_by_task(world: World) -> None:
    world.run()
    tasks = [
        {"task_key": "load", "run_id": 201, "state": {"life_cycle_state": "TERMINATED"}},
        {"task_key": "report", "run_id": 202, "state": {"result_state": "FAILED"}},
    ]
    world.workspace.runs[101]["tasks"] = tasks
    world.workspace.faults = [("runs/get-output", Reply.json({"notebook_output": {"result": "7"}}))]
    world.workspace.fail("runs/get-output", 400)
    load, report = world.client.get("/jobs/etl/runs/101/outputs").json()["tasks"]
    assert (load["taskKey"], load["runId"], load["status"]) == ("load", 201, "TERMINATED")
    assert load["output"] == {"notebook_output": {"result": "7"}}
    assert (report["result"], report["output"]) == ("FAILED", None)
    assert report["refusal"] == "400 Bad Request"


def test_a_run_without_tasks_has_one_output(world: World) -> None:
    world.run()
    [only] = world.client.get("/jobs/etl/runs/101/outputs").json()["tasks"]
    assert (only["taskKey"], only["runId"], only["status"]) == (None, 101, "TERMINATED")
    assert only["output"] == {"notebook_output": {"result": "done"}}


def test_the_outputs_of_a_run_of_another_job_are_not_found(world: World) -> None:
    world.run(name="other")
    answer = world.client.get("/jobs/etl/runs/101/outputs")
    assert error_of(answer) == (404, "Not Found")
    assert world.workspace.calls("runs/get-output") == []
