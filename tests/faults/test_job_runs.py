"""Execute Now, through the whole stack."""

from __future__ import annotations

import json

import pytest

from tests.faults.local_system import LocalSystem, has_ended, is_submitted

pytestmark = pytest.mark.devhost


def test_a_job_run_streams_its_status_until_it_is_cancelled(
    system: LocalSystem,
) -> None:
    seen: list[str] = []
    url, body = "/jobs/nap/run?stream=true", {"params": {"seconds": "600"}}
    with system.host.http.stream("POST", url, json=body) as stream:
        assert stream.status_code == 200
        run_id = stream.headers["location"].rpartition("/")[2]
        for line in stream.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line.removeprefix("data: "))["status"])
                if len(seen) == 1:
                    system.wait_for([run_id], is_submitted)
                    system.host.http.delete(f"/jobs/nap/runs/{run_id}").raise_for_status()
    assert seen[-1] == "Cancelled"
    assert system.host.get("/jobs/nap/status")["run"]["runId"] == run_id
    quick = system.host.post("/jobs/nap/run", {"params": {"seconds": "0.1"}})["runId"]
    system.wait_for([quick], has_ended)
    listed = [(run["runId"], run["status"]) for run in system.host.get("/jobs/nap/runs")["runs"]]
    assert listed == [(quick, "Succeeded"), (run_id, "Cancelled")]
