"""Scripted faults, seen by a plain HTTP client and by the official client."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InternalError
from databricks.sdk.service.jobs import NotebookTask, SubmitTask

HEADERS = {"Authorization": "Bearer x"}
SUBMIT = "jobs/runs/submit"


def a_body(token: str | None = None) -> dict[str, Any]:
    task = {"task_key": "main", "notebook_task": {"notebook_path": "/tests/quiet"}}
    return {"tasks": [task], **({"idempotency_token": token} if token else {})}


def post_submit(simulator: Any, *, token: str | None = None, timeout: float = 60) -> Any:
    return requests.post(
        f"{simulator.url}/api/2.2/{SUBMIT}",
        json=a_body(token),
        headers=HEADERS,
        timeout=timeout,
        allow_redirects=False,
    )


def started_runs(simulator: Any) -> int:
    return len(simulator.control("GET", "runs")["runs"])


@pytest.fixture(autouse=True)
def no_faults_left(simulator: Any) -> Any:
    yield
    assert simulator.control("GET", "faults") == {"faults": []}


def test_a_lost_response_starts_the_run(simulator: Any) -> None:
    before = started_runs(simulator)
    simulator.fault(endpoint=SUBMIT, fault="lost-response")

    with pytest.raises(requests.ConnectionError):
        post_submit(simulator)

    assert started_runs(simulator) == before + 1


def test_the_client_resends_after_a_lost_response_and_the_token_deduplicates(
    simulator: Any, databricks: WorkspaceClient
) -> None:
    before = started_runs(simulator)
    simulator.fault(endpoint=SUBMIT, fault="lost-response")

    task = SubmitTask(task_key="main", notebook_task=NotebookTask(notebook_path="/tests/quiet"))
    databricks.jobs.submit(tasks=[task], idempotency_token="resent")

    assert started_runs(simulator) == before + 1
    noted = [line["repeat"] for line in simulator.submissions() if line["token"] == "resent"]
    assert noted == [False, True]


@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "7"}, {"Retry-After": "Fri, 31 Dec 2027 23:59:59 GMT"}, {}],
    ids=["in seconds", "as a date", "absent"],
)
def test_a_scripted_429_has_its_retry_after_and_no_effect(
    simulator: Any, headers: dict[str, str]
) -> None:
    before = started_runs(simulator)
    simulator.fault(endpoint=SUBMIT, fault="status", status=429, headers=headers)

    answer = post_submit(simulator)

    assert answer.status_code == 429
    assert answer.headers.get("Retry-After") == headers.get("Retry-After")
    assert answer.json()["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    assert started_runs(simulator) == before


def test_an_error_can_follow_the_effect(simulator: Any) -> None:
    before = started_runs(simulator)
    simulator.fault(endpoint=SUBMIT, fault="status", status=500, effect=True)

    assert post_submit(simulator).status_code == 500
    assert started_runs(simulator) == before + 1


def test_the_official_client_handles_an_html_error(
    simulator: Any, databricks: WorkspaceClient
) -> None:
    simulator.fault(endpoint="jobs/runs/list", fault="status", status=500, body="html")

    with pytest.raises(InternalError):
        list(databricks.jobs.list_runs())


@pytest.mark.parametrize("kind", ["truncated", "malformed"])
def test_the_answer_is_not_json_although_the_run_started(simulator: Any, kind: str) -> None:
    before = started_runs(simulator)
    simulator.fault(endpoint=SUBMIT, fault=kind)

    answer = post_submit(simulator)

    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert started_runs(simulator) == before + 1


def test_a_cut_connection_breaks_the_body(simulator: Any) -> None:
    simulator.fault(endpoint=SUBMIT, fault="cut")

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        post_submit(simulator)


def test_a_wrong_type_replaces_fields(simulator: Any) -> None:
    simulator.fault(endpoint=SUBMIT, fault="wrong-type")

    assert post_submit(simulator).json() == {"run_id": None}


@pytest.mark.parametrize("kind", ["silent", "slow"])
def test_a_late_answer_causes_a_time_out(simulator: Any, kind: str) -> None:
    simulator.fault(endpoint=SUBMIT, fault=kind)

    with pytest.raises(requests.ReadTimeout):
        post_submit(simulator, timeout=0.3)


def test_a_slow_answer_arrives_byte_by_byte(simulator: Any) -> None:
    simulator.fault(endpoint=SUBMIT, fault="drip", seconds=0.005)

    assert isinstance(post_submit(simulator).json()["run_id"], int)


def test_a_redirect_has_the_scripted_location(simulator: Any) -> None:
    simulator.fault(endpoint=SUBMIT, fault="redirect", location="http://127.0.0.1:9/x")

    answer = post_submit(simulator)

    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:9/x")


def test_a_huge_body_has_the_scripted_length(simulator: Any) -> None:
    simulator.fault(endpoint=SUBMIT, fault="huge", megabytes=3)

    assert len(post_submit(simulator).content) == 3 * 1024 * 1024


def test_a_fault_applies_to_its_endpoint_and_its_number_of_requests(simulator: Any) -> None:
    simulator.fault(endpoint=SUBMIT, fault="status", status=503, times=2)

    me = requests.get(f"{simulator.url}/api/2.0/preview/scim/v2/Me", headers=HEADERS, timeout=60)

    assert me.status_code == 200
    assert [post_submit(simulator).status_code for _ in range(3)] == [503, 503, 200]


def test_a_script_with_an_unknown_fault_is_refused(simulator: Any) -> None:
    answer = requests.post(
        f"{simulator.url}/simulator/faults",
        data=json.dumps({"faults": [{"fault": "earthquake"}]}),
        timeout=60,
    )

    assert answer.status_code == 422
