"""Failures of a platform, through the whole stack: one start, and the right outcome."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.faults.local_system import LocalSystem, has_ended
from tests.host_kinds import on_both_with_soak
from tests.integration.devhost.host_process import free_ports

pytestmark = [pytest.mark.devhost, on_both_with_soak()]

SUBMIT = "jobs/runs/submit"
GET = "jobs/runs/get"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"fault": "lost-response"}, id="the answer is lost after the run was started"),
        pytest.param({"fault": "truncated"}, id="half an answer after the run was started"),
        pytest.param({"fault": "malformed"}, id="an answer that is not JSON"),
        pytest.param({"fault": "wrong-type"}, id="an answer without a run id"),
        pytest.param({"fault": "status", "status": 500, "body": "html"}, id="a 500 in HTML"),
        pytest.param(
            {"fault": "status", "status": 429, "headers": {"Retry-After": "1"}},
            id="too many requests",
        ),
    ],
)
def test_a_submit_that_fails_once_starts_one_run(
    system: LocalSystem, fault: dict[str, Any]
) -> None:
    before = system.databricks.started()
    system.databricks.inject_fault(endpoint=SUBMIT, **fault)
    run = system.wait_for([system.run(0.1)], has_ended)[0]
    assert run["status"] == "Succeeded"
    assert len(system.databricks.started()) == len(before) + 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"fault": "lost-response"}, id="the answer is lost"),
        pytest.param({"fault": "status", "status": 503, "body": "html"}, id="a 503 in HTML"),
        pytest.param({"fault": "truncated"}, id="half an answer"),
    ],
)
def test_a_failed_poll_does_not_fail_the_run(system: LocalSystem, fault: dict[str, Any]) -> None:
    system.databricks.inject_fault(endpoint=GET, **fault)
    assert system.wait_for([system.run(0.1)], has_ended)[0]["status"] == "Succeeded"


def test_a_redirect_is_not_followed(system: LocalSystem) -> None:
    before = system.databricks.started()
    system.databricks.inject_fault(
        endpoint=SUBMIT, fault="redirect", location="https://example.com/collect"
    )
    run = system.wait_for([system.run(0.1)], has_ended)[0]
    assert run["status"] == "Failed"
    assert run["attempts"][0]["cause"] == "PlatformUnreachable"
    assert system.databricks.started() == before


def test_a_running_run_is_cancelled_on_its_platform(system: LocalSystem) -> None:
    run_id = system.run(600)
    system.wait_for([run_id], lambda run: bool(run["attempts"]))
    run = system.cancel(run_id)
    assert run["status"] == "Cancelled"
    assert run["attempts"][0]["providerStatus"] == "Cancelled"


def test_a_platform_that_is_absent_is_shown_and_does_not_hold_a_cancelled_run(
    system: LocalSystem,
) -> None:
    port = free_ports(1)
    known = system.host.get("/platforms/lakehouse")
    absent = {
        "name": "absent",
        "type": known["type"],
        "auth": {name: value for name, value in known["auth"].items() if value is not None},
        "attributes": {**known["attributes"], "workspaceUrl": f"http://127.0.0.1:{port}"},
    }
    job = {
        "name": "absent",
        "platform": "absent",
        "jobType": "DatabricksNotebook",
        "externalId": "/bench/nap",
    }
    task = {"name": "absent", "job": "absent"}
    document = {"platforms": [absent], "jobs": [job], "tasks": [task]}
    system.host.http.put("/definitions", json=document).raise_for_status()
    run_id = system.host.post("/tasks/absent/run", {})["runId"]
    (run,) = system.wait_for([run_id], lambda run: run["problem"] is not None)
    assert (run["status"], run["problem"]["step"]) == ("Running", "Submit")
    refused = f"127.0.0.1:{port} cannot be reached: it refused the connection"
    assert refused in run["reason"]
    sentences = " ".join(system.host.get(f"/task-runs/{run_id}/explain")["sentences"])
    assert refused in sentences
    answer = system.host.http.post(f"/task-runs/{run_id}/cancel").json()
    assert answer["status"] == "Cancelled"


def test_a_failed_notebook_fails_its_run_with_its_own_error(system: LocalSystem) -> None:
    body = {"parameters": {"failures": 99, "key": "always"}}
    run_id = system.host.post("/tasks/flaky/run", body)["runId"]
    run = system.wait_for([run_id], has_ended)[0]
    assert (run["status"], run["attempts"][0]["cause"]) == ("Failed", "Artefact")
    assert run["attempts"][0]["error"]


def test_max_concurrent_runs_is_never_exceeded(system: LocalSystem) -> None:
    system.host.http.patch("/tasks/nap", json={"maxConcurrentRuns": 1}).raise_for_status()
    try:
        runs = system.wait_for([system.run(0.3) for _ in range(3)], has_ended)
    finally:
        system.host.http.patch("/tasks/nap", json={"maxConcurrentRuns": None}).raise_for_status()
    spans = sorted((run["attempts"][0]["startedAt"], run["finishedAt"]) for run in runs)
    assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans))
