"""The jobs of AppKit, through the whole stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.faults.local_system import TOKEN, LocalSystem
from tests.host_kinds import HostKind, on

pytestmark = [pytest.mark.devhost, on(HostKind.EMBEDDED)]

JOB = "/jobs/lake_nap"


def test_two_clients_stream_one_run_until_its_cancellation(system: LocalSystem) -> None:
    body = {"params": {"seconds": 600}}
    with system.host.http.stream("POST", f"{JOB}/run?stream=true", json=body) as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        lines = stream.iter_lines()
        first_id, first = _next(lines)
        run_id = first["run"]["run_id"]
        url, headers = f"{JOB}/run?stream=true", {"Last-Event-ID": first_id}
        with system.host.http.stream("POST", url, json=body, headers=headers) as again:
            more = again.iter_lines()
            assert _next(more)[1]["run"]["run_id"] == run_id
            assert system.host.http.delete(f"{JOB}/runs/{run_id}").status_code == 204
            (end_id, end), (same_id, _) = _last(lines), _last(more)
    assert (end["status"], end["run"]["state"]["result_state"]) == ("TERMINATED", "CANCELED")
    assert end_id == same_id
    assert end_id.endswith("-end")
    assert [run["run_id"] for run in system.host.get(f"{JOB}/runs")["runs"]] == [run_id]
    entries = system.host.get("/audit?limit=100")["items"]
    assert {each["runId"] for each in entries if each["path"] == f"{JOB}/run"} == {
        str(run_id),
        None,
    }
    assert TOKEN not in system.host.log_text()


def test_a_run_continues_after_its_client_disconnects(system: LocalSystem) -> None:
    body = {"params": {"seconds": 600}}
    with system.host.http.stream("POST", f"{JOB}/run?stream=true", json=body) as stream:
        run_id = _next(stream.iter_lines())[1]["run"]["run_id"]
    assert system.host.get(f"{JOB}/runs/{run_id}")["state"]["life_cycle_state"] != "TERMINATED"
    assert system.host.http.delete(f"{JOB}/runs/{run_id}").status_code == 204


def test_a_refusal_by_the_workspace_shows_only_its_status(system: LocalSystem) -> None:
    system.databricks.inject_fault(
        endpoint="jobs/run-now", fault="status", status=403, message="canary"
    )
    answer = system.host.http.post(f"{JOB}/run")
    assert (answer.status_code, answer.json()["error"]) == (403, "Forbidden")
    assert "canary" not in answer.text


def _next(lines: Iterator[str]) -> tuple[str, dict[str, Any]]:
    event_id = ""
    for line in lines:
        if line.startswith("id: "):
            event_id = line.removeprefix("id: ")
        if line.startswith("data: "):
            return event_id, json.loads(line.removeprefix("data: "))
    raise httpx.StreamClosed


def _last(lines: Iterator[str]) -> tuple[str, dict[str, Any]]:
    while not (found := _next(lines))[0].endswith("-end"):
        pass
    return found
