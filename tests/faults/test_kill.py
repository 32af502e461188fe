"""`kill -9` of the local host, and a restart with the same data."""

from __future__ import annotations

import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.local_system import LocalSystem, has_ended, is_submitted, local_system
from tests.host_kinds import HostKind, on, on_both_with_soak
from tests.integration.devhost.host_process import TIMEOUT

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


KILLS = int(os.environ.get("POLYSYNC_TEST_KILLS", "5"))
"""The number of kills of the campaign; `POLYSYNC_TEST_KILLS=200` looks for faults at length."""


class Requests:
    """Requests runs until stopped, each under its own key and again until it is accepted."""

    def __init__(self, system: LocalSystem) -> None:
        self._url = f"http://127.0.0.1:{system.host.port}/api/tasks/nap/run"
        self._stopped = threading.Event()
        self.accepted: list[str] = []

    def send(self) -> None:
        """Send requests one after another, also while no host answers."""
        body = {"parameters": {"seconds": "0.5"}}
        for number in count():
            if self._stopped.is_set():
                return
            self.accepted.append(self._accepted(f"request-{number}", body))
            self._stopped.wait(0.05)

    def stop(self) -> None:
        """Send no further request."""
        self._stopped.set()

    def _accepted(self, key: str, body: dict[str, Any]) -> str:
        while True:
            try:
                headers = {"Idempotency-Key": key}
                answer = httpx.post(self._url, json=body, headers=headers, timeout=TIMEOUT)
            except httpx.TransportError:
                self._stopped.wait(0.05)
                continue
            if answer.status_code == 202:
                return answer.json()["runId"]
            assert answer.status_code == 503, answer.text


@pytest.mark.slow
@on(HostKind.EMBEDDED)
def test_kills_at_random_points_lose_no_run_and_start_none_twice(
    host_kind: HostKind, tmp_path: Path
) -> None:
    moments = random.Random(KILLS)
    with local_system(tmp_path, kind=host_kind) as system, ThreadPoolExecutor(1) as sender:
        requests = Requests(system)
        sending = sender.submit(requests.send)
        try:
            for _ in range(KILLS):
                time.sleep(moments.uniform(0.0, 1.5))
                system.kill()
                system.restart()
        finally:
            requests.stop()
        sending.result(timeout=TIMEOUT)
        runs = system.wait_for(requests.accepted, has_ended, within=180)

        assert {run["status"] for run in runs} == {"Succeeded"}
        started = system.databricks.started()
        assert len(started) == len(set(started)) == len(set(requests.accepted))
        for status in ("Queued", "Running"):
            assert system.host.get(f"/task-runs?status={status}")["items"] == []
