"""Ten chains of four tasks, whose runs show each step of the graph."""

from __future__ import annotations

import time
from typing import Any

import yaml

from tests.faults.local_system import LocalSystem, has_ended
from tests.integration.devhost.host_process import eventually

CHAINS = 10
LAYERS = 4
_SECONDS = 1.0


def define_layers(system: LocalSystem) -> None:
    """Store the tasks; the first task of each chain has no dependency."""
    tasks: list[dict[str, Any]] = []
    for chain in range(CHAINS):
        for layer in range(LAYERS):
            task: dict[str, Any] = {
                "name": _name(chain, layer),
                "job": "nap",
                "parameters": {"seconds": _SECONDS},
            }
            if layer:
                task["dependencies"] = [{"task": _name(chain, layer - 1)}]
            tasks.append(task)
    system.apply(yaml.safe_dump({"tasks": tasks}))


def start_layers(system: LocalSystem) -> None:
    """Start the first task of each chain."""
    for chain in range(CHAINS):
        system.host.post(f"/tasks/{_name(chain, 0)}/run", {})


def check_layers(system: LocalSystem, *, within: float) -> None:
    """Wait until all chains have ended; no run is missing, and none was started twice."""
    started = time.monotonic()
    runs = eventually(lambda: _all_ended(system), within=within)
    print(f"all chains ended after {time.monotonic() - started:.0f} s")
    assert {run["status"] for run in runs} == {"Succeeded"}
    names = sorted(run["task"] for run in runs)
    assert names == sorted(_name(c, n) for c in range(CHAINS) for n in range(LAYERS))
    tokens = system.databricks.started()
    assert len(tokens) == len(set(tokens)) == len(_listed(system))
    for run in runs:
        history = system.host.get(f"/task-runs/{run['runId']}/history")["items"]
        ends = [each for each in history if each["to"] == "Succeeded" != each["from"]]
        assert len(ends) == 1, history
    for status in ("Queued", "Running"):
        assert system.host.get(f"/task-runs?status={status}")["items"] == []


def _all_ended(system: LocalSystem) -> list[dict[str, Any]] | None:
    runs = [run for run in _listed(system) if run["task"].startswith("chain-")]
    whole = len(runs) >= CHAINS * LAYERS and all(map(has_ended, runs))
    return runs if whole else None


def _listed(system: LocalSystem) -> list[dict[str, Any]]:
    return system.host.get("/task-runs?limit=100")["items"]


def _name(chain: int, layer: int) -> str:
    return f"chain-{chain}-layer-{layer}"
