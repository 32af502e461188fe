"""`kill -9` of the local host, and a restart with the same data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.local_system import has_ended, is_submitted, local_system
from tests.host_kinds import HostKind, on_both_with_soak

pytestmark = pytest.mark.devhost

WORKING_AGAIN_SECONDS = {HostKind.EMBEDDED: 60.0, HostKind.FUNCTIONS: 90.0}
"""The Durable extension hides the messages of a dead host for one minute (`host.json`)."""


@on_both_with_soak()
def test_runs_survive_a_killed_host_and_are_resumed_without_a_second_submit(
    host_kind: HostKind, tmp_path: Path
) -> None:
    with local_system(tmp_path, kind=host_kind) as system:
        running = [system.run(4) for _ in range(3)]
        system.wait_for(running, is_submitted)
        accepted = [system.run(0.2) for _ in range(3)]
        system.kill()
        system.restart()
        within = WORKING_AGAIN_SECONDS[host_kind]
        runs = system.wait_for(running + accepted, has_ended, within=within)

        assert [run["status"] for run in runs] == ["Succeeded"] * 6
        assert len(system.databricks.started()) == len(set(system.databricks.started())) == 6
        for run_id in running:
            history = system.host.get(f"/task-runs/{run_id}/history")["items"]
            resumed = any("the run was resumed" in entry["reason"] for entry in history)
            # The Durable extension keeps the orchestrations: nothing has to be resumed.
            assert resumed == (host_kind is not HostKind.FUNCTIONS)
        active = system.host.get("/task-runs?status=Running")["items"]
        assert active == []
