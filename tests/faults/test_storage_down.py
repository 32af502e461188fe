"""Storage goes away under a host at work, and comes back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults.local_system import has_ended, is_submitted, local_system
from tests.faults.storage_proxy import storage_proxy
from tests.integration.devhost.host_process import free_ports

pytestmark = pytest.mark.devhost

AWAY_SECONDS = 6.0
"""Longer than one call is repeated, so that requests and activities fail; the rest is patience,
which the tests in virtual time prove for longer."""


def test_what_runs_while_storage_is_away_goes_on_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = free_ports(4)
    with storage_proxy(base) as opened:
        monkeypatch.setenv("POLYSYNC_STORAGE", opened.connection)
        with local_system(tmp_path, base) as system:
            before = [system.run(1.0) for _ in range(3)]
            system.wait_for(before, is_submitted)
            opened.closed = True
            until = time.monotonic() + AWAY_SECONDS
            read = system.host.http.get(f"/task-runs/{before[0]}")
            asked = system.host.http.post("/tasks/nap/run", json={})
            time.sleep(max(0.0, until - time.monotonic()))
            opened.closed = False
            after = system.run(0.1)
            runs = system.wait_for([*before, after], has_ended)

            assert opened.rejected > 0
            for refusal in (read, asked):
                assert refusal.status_code == 503
                assert refusal.headers["Content-Type"] == "application/problem+json"
                assert int(refusal.headers["Retry-After"]) >= 1
            assert [run["status"] for run in runs] == ["Succeeded"] * 4
            assert len(system.databricks.started()) == len(set(system.databricks.started())) == 4
            assert len(system.host.get("/task-runs")["items"]) == 4
