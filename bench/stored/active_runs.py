"""Measures the restart of a killed host that has many active runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from bench.host import EmbeddedHost

ACTIVE = 100
_RUN_SECONDS = 3600
_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Seconds from a kill until the parts of the next host work again."""

    answers: float
    """The API has answered."""
    resumed: float
    """Every active run has its orchestration again."""
    submits: float
    """A new run has been submitted."""
    cpu: float
    """CPU seconds until all of this is done."""


def start_active(host: EmbeddedHost) -> None:
    """Start runs that do not end during the measurement, and wait for their submits."""
    with httpx.Client(base_url=host.url, timeout=60) as client:
        ids = [_start(client) for _ in range(ACTIVE)]
        for run_id in ids:
            _wait_until(lambda run_id=run_id: _is_submitted(client, run_id))


def kill_and_restart(host: EmbeddedHost) -> Restart:
    """Kill a host with active runs, and start it again with its data."""
    host.program.kill()
    began = time.monotonic()
    host.start()
    with httpx.Client(base_url=host.url, timeout=60) as client:
        client.get("/task-runs", params={"limit": 1}).raise_for_status()
        answers = time.monotonic() - began
        run_id = _start(client)
        _wait_until(lambda: _is_submitted(client, run_id))
        submits = time.monotonic() - began
        # The log line is written at the end of the pass, so the times are upper limits.
        resumed = _wait_until(lambda: _resumed(host)) - began
    cpu = host.program.cpu_seconds()
    return Restart(answers=answers, resumed=resumed, submits=submits, cpu=cpu)


def _start(client: httpx.Client) -> str:
    body = {"parameters": {"seconds": _RUN_SECONDS}}
    return client.post("/tasks/nap/run", json=body).raise_for_status().json()["runId"]


def _is_submitted(client: httpx.Client, run_id: str) -> bool:
    run = client.get(f"/task-runs/{run_id}").raise_for_status().json()
    return bool(run["attempts"]) and run["attempts"][-1]["externalRunId"] is not None


def _resumed(host: EmbeddedHost) -> bool:
    """Return whether the first pass of the reconciler has resumed all active runs."""
    for line in host.program.log.read_text().splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        if entry.get("action") == "runs_repaired":
            return entry["resumed"] >= ACTIVE
    return False


def _wait_until(met: Callable[[], bool]) -> float:
    """Return the time at which a condition is met."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while not met():
        if time.monotonic() > deadline:
            raise RuntimeError("The host does not work again.")
        time.sleep(0.01)
    return time.monotonic()
