"""A full shard on the real Durable extension: 20,000 runs wait, and nothing breaks."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrations.engine import DurableEngine
from polysync_core.application.dispatch.shard_capacity import MAX_WAITING_RUNS
from polysync_core.domain.dispatch.state import WaitingRun
from polysync_core.domain.runs.identity import new_run_id
from tests.faults.local_system import LocalSystem
from tests.integration.devhost.host_process import eventually

pytestmark = [pytest.mark.devhost, pytest.mark.soak]

WAITING = int(os.environ.get("WAITING_RUNS", MAX_WAITING_RUNS))
"""A smaller number shortens the test. Then the shard is not full, and no run is refused."""
SHARD = "main"
CALLERS = 16
TICK_SECONDS = 60.0
DECISION_SECONDS = 300.0
TASK: dict[str, Any] = {
    "tasks": [
        {"name": "limited", "job": "nap", "maxConcurrentRuns": 4, "parameters": {"seconds": 0.1}}
    ]
}


def test_a_full_shard_answers_and_refuses_new_runs(system: LocalSystem) -> None:
    system.host.http.put("/definitions", json=TASK).raise_for_status()
    system.host.post("/hold", {"reason": "The backlog grows."})
    run = system.run_task("limited")
    engine = DurableEngine((system.host.data / "client.json").read_text())
    eventually(lambda: _waiting(engine) == 1)
    _enqueue(engine, WAITING - 1)
    eventually(lambda: _waiting(engine) >= WAITING, within=DECISION_SECONDS)

    explained = system.host.get(f"/task-runs/{run}/explain")
    assert explained["waitingFor"]
    if WAITING >= MAX_WAITING_RUNS:
        eventually(lambda: _is_refused(system), within=DECISION_SECONDS)
    time.sleep(TICK_SECONDS + 10)  # at least one tick reads the state
    log = system.host.log_text()
    assert "RESOURCE_EXHAUSTED" not in log
    assert "Traceback" not in log
    assert system.cancel(run)["status"] == "Cancelled"
    assert _waiting(engine) >= WAITING - 1
    assert system.databricks.started() == []


def _enqueue(engine: DurableEngine, count: int) -> None:
    """Send runs to the Dispatcher that wait behind the hold; they have no row."""
    started = time.monotonic()
    policies = engine.dispatcher(SHARD).policies

    def send(number: int) -> None:
        waiting = WaitingRun(
            run_id=new_run_id(),
            attempt=1,
            task="limited",
            priority=number % 7,
            queued_at=datetime.now(UTC),
            platform="lakehouse",
        )
        engine.enqueue(SHARD, waiting, policies)

    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(send, range(count)))
    print(f"{count} runs were sent in {time.monotonic() - started:.0f} s")


def _waiting(engine: DurableEngine) -> int:
    return len(engine.dispatcher(SHARD).waiting)


def _is_refused(system: LocalSystem) -> bool:
    """Return whether a new run is refused with the time of the next try."""
    answer = system.host.http.post("/tasks/limited/run", json={})
    if answer.status_code != 429:
        answer.raise_for_status()
        return False
    return int(answer.headers["Retry-After"]) > 0
