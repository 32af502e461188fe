"""Storage is unavailable for some seconds while a host has active runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults.local_system import has_ended, is_submitted, local_system
from tests.faults.storage_proxy import storage_proxy
from tests.host_kinds import HostKind, on
from tests.integration.devhost.host_process import free_ports

pytestmark = [pytest.mark.devhost, pytest.mark.soak, on(HostKind.FUNCTIONS)]

OUTAGE_SECONDS = 6.0
"""Longer than the retries of one call, so requests and activities fail.

The tests in virtual time cover longer outages.
"""


def test_active_runs_continue_after_a_storage_outage(
    host_kind: HostKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = free_ports(4)
    with storage_proxy(base) as opened:
        monkeypatch.setenv("POLYSYNC_STORAGE", opened.connection)
        with local_system(tmp_path, base, kind=host_kind) as system:
            before = [system.run(1.0) for _ in range(3)]
            system.wait_for(before, is_submitted)
            opened.closed = True
            until = time.monotonic() + OUTAGE_SECONDS
            read = system.host.http.get(f"/task-runs/{before[0]}")
            started = system.host.http.post("/tasks/nap/run", json={})
            time.sleep(max(0.0, until - time.monotonic()))
            opened.closed = False
            after = system.run(0.1)
            runs = system.wait_for([*before, after], has_ended)

            assert opened.rejected > 0
            for refusal in (read, started):
                assert refusal.status_code == 503
                assert refusal.headers["Content-Type"] == "application/problem+json"
                assert int(refusal.headers["Retry-After"]) >= 1
            assert [run["status"] for run in runs] == ["Succeeded"] * 4
            assert len(system.databricks.started()) == len(set(system.databricks.started())) == 4
            assert len(system.host.get("/task-runs")["items"]) == 4
