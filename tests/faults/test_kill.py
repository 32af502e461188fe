"""`kill -9` of the whole local host, and a second start on the same data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.stand import has_ended, is_submitted, stand

pytestmark = pytest.mark.devhost


def test_runs_survive_a_killed_host_and_are_adopted_not_resubmitted(tmp_path: Path) -> None:
    with stand(tmp_path) as site:
        running = [site.run(4) for _ in range(3)]
        site.wait_for(running, is_submitted)
        accepted = [site.run(0.2) for _ in range(3)]
        site.kill()
        site.restart()
        runs = site.wait_for(running + accepted, has_ended)

        assert [run["status"] for run in runs] == ["Succeeded"] * 6
        assert len(site.workspace.started()) == len(set(site.workspace.started())) == 6
        for run_id in running:
            history = site.host.get(f"/task-runs/{run_id}/history")["items"]
            assert any("taken up again" in entry["reason"] for entry in history)
        active = site.host.get("/task-runs?status=Running")["items"]
        assert active == []
