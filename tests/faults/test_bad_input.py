"""Bad input, through the whole stack: the answer names the error, and nothing is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.faults.local_system import LocalSystem, has_ended
from tests.host_kinds import HostKind, on

pytestmark = [pytest.mark.devhost, on(HostKind.EMBEDDED)]


def refused(answer: Any) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert "Traceback" not in answer.text
    return problem


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_of_ten_megabytes_is_refused_while_it_is_sent(
    system: LocalSystem, announced: bool
) -> None:
    parts = [b" " * 100_000] * 100
    body = b"".join(parts) if announced else iter(parts)
    answer = system.host.http.put("/definitions", content=body)
    assert refused(answer)["status"] == 413


def test_invalid_yaml_is_reported_with_its_line(system: LocalSystem) -> None:
    headers = {"Content-Type": "application/yaml"}
    answer = system.host.http.put("/definitions", content=b"jobs:\n  - a: [\n", headers=headers)
    assert refused(answer)["status"] == 400
    assert "line" in answer.text


@pytest.mark.parametrize(
    "external_id",
    [
        "/etl/../admin",
        "/etl/a%2f..%2fb",
        "/etl/%2e%2e/admin",
        "/etl/a\u202eb",
        "/etl/a\nb",
        "/etl/\uff0e\uff0e/admin",
        "etl/relative",
    ],
)
def test_an_external_id_with_a_path_traversal_is_refused(
    system: LocalSystem, external_id: str
) -> None:
    body = {"platform": "lakehouse", "jobType": "DatabricksNotebook", "externalId": external_id}
    problem = refused(system.host.http.put("/jobs/hostile", json=body))
    assert [error["path"] for error in problem["errors"]] == ["externalId"]
    assert system.host.http.get("/jobs/hostile").status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pass@adb-1.1.azuredatabricks.net",
        "https://adb-1.1.azuredatabricks.net:8443",
        "https://adb-1.1.azuredatabricks.net@example.com",
        "https://example.com",
        "http://adb-1.1.azuredatabricks.net",
        "https://10.0.0.5",
        "http://169.254.169.254",
    ],
)
def test_an_invalid_workspace_address_is_refused(system: LocalSystem, url: str) -> None:
    body = {
        "type": "AzureDatabricks",
        "auth": {"method": "PersonalAccessToken", "personalAccessToken": "vault://local/T"},
        "attributes": {"workspaceUrl": url, "computeType": "Serverless"},
    }
    problem = refused(system.host.http.put("/platforms/hostile", json=body))
    assert [error["path"] for error in problem["errors"]] == ["attributes.workspaceUrl"]


def test_a_refused_token_fails_the_connection_test_and_the_run(
    system: LocalSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.databricks.inject_fault(endpoint="*", fault="status", status=401, times=2)
    tested = system.host.http.post("/platforms/lakehouse/test").json()
    assert tested["ok"] is False
    assert set(tested) == {"ok", "message", "platformMessage", "latencyMs"}
    system.databricks.inject_fault(endpoint="*", fault="status", status=401, times=2)
    run = system.wait_for([system.run(0.1)], has_ended)[0]
    assert run["attempts"][0]["cause"] == "Secret"


def test_a_definition_with_references_is_not_deleted(system: LocalSystem) -> None:
    problem = refused(system.host.http.delete("/platforms/lakehouse"))
    assert problem["status"] == 409
    assert "nap" in json.dumps(problem)


def test_a_stale_etag_is_refused(system: LocalSystem) -> None:
    answer = system.host.http.put("/tasks/nap", json={"job": "nap"}, headers={"If-Match": '"old"'})
    assert refused(answer)["status"] == 412


def test_a_parameter_of_140_kilobytes_is_stored_unchanged(system: LocalSystem) -> None:
    system.apply(
        "jobs: [{name: long, platform: lakehouse, jobType: DatabricksNotebook,"
        " externalId: /bench/nap, parameters: [{name: seconds, default: '0.1'}, {name: text}]}]\n"
        "tasks: [{name: long, job: long}]\n"
    )
    body = {"parameters": {"text": "ä" * 70_000}}
    run_id = system.host.post("/tasks/long/run", body)["runId"]
    run = system.wait_for([run_id], has_ended)[0]
    assert run["status"] == "Succeeded"
    assert run["parameters"]["text"] == "ä" * 70_000


def test_the_event_stream_of_a_run_ends_with_the_run(system: LocalSystem) -> None:
    run_id = system.run(600)
    seen: list[str] = []
    with system.host.http.stream("GET", f"/task-runs/{run_id}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line.removeprefix("data: "))["status"])
                if len(seen) == 1:
                    system.cancel(run_id)
    assert seen[-1] == "Cancelled"


def test_an_unknown_route_or_method_is_answered_with_a_problem_document(
    system: LocalSystem,
) -> None:
    assert refused(system.host.http.get("/nothing/here"))["status"] == 404
    assert refused(system.host.http.delete("/task-runs"))["status"] == 405
