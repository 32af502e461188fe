"""A full shard on the real Durable extension: 20,000 runs wait, and nothing breaks."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from polysync_core.application.dispatch.shard_capacity import MAX_WAITING_RUNS
from tests.faults.local_system import LocalSystem, has_ended
from tests.integration.devhost.host_process import eventually

pytestmark = [pytest.mark.devhost, pytest.mark.soak]

WAITING = int(os.environ.get("WAITING_RUNS", MAX_WAITING_RUNS))
"""A smaller number shortens the test. Then the shard is not full, and no run is refused."""
CALLERS = 8
TICK_SECONDS = 60.0
DECISION_SECONDS = 120.0
TASK: dict[str, Any] = {
    "tasks": [
        {"name": "limited", "job": "nap", "maxConcurrentRuns": 4, "parameters": {"seconds": 0.1}}
    ]
}


def test_a_full_shard_answers_refuses_new_runs_and_starts_waiting_ones(
    system: LocalSystem,
) -> None:
    system.host.http.put("/definitions", json=TASK).raise_for_status()
    system.host.post("/hold", {"reason": "The backlog grows."})
    accepted = _accept(system)

    last = f"/task-runs/{accepted[-1]}"
    eventually(lambda: system.host.get(f"{last}/explain")["waitingFor"], within=DECISION_SECONDS)
    if len(accepted) >= MAX_WAITING_RUNS:
        eventually(lambda: _is_refused(system), within=DECISION_SECONDS)
    time.sleep(TICK_SECONDS)  # at least one tick reads the state and repairs nothing
    log = system.host.log_text()
    assert "RESOURCE_EXHAUSTED" not in log
    assert "Traceback" not in log
    assert system.cancel(accepted[-1])["status"] == "Cancelled"

    released = time.monotonic()
    system.host.post("/release")
    system.wait_for(accepted[:8], has_ended, within=DECISION_SECONDS)
    print(f"the first 8 runs ended {time.monotonic() - released:.0f} s after the release")
    assert len(system.databricks.started()) == len(set(system.databricks.started()))


def _accept(system: LocalSystem) -> list[str]:
    """Start runs until the shard is full, and return their ids, the oldest first."""
    started = time.monotonic()
    with ThreadPoolExecutor(CALLERS) as callers:
        answers = callers.map(
            lambda _: system.host.http.post("/tasks/limited/run", json={}), range(WAITING)
        )
        accepted = [each.json()["runId"] for each in answers if each.status_code != 429]
    print(f"{len(accepted)} runs accepted in {time.monotonic() - started:.0f} s")
    return accepted


def _is_refused(system: LocalSystem) -> bool:
    """Return whether a new run is refused with the time of the next try."""
    answer = system.host.http.post("/tasks/limited/run", json={})
    if answer.status_code != 429:
        answer.raise_for_status()
        return False
    return int(answer.headers["Retry-After"]) > 0
