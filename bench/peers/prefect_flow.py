"""Runs the benchmark workloads as Prefect flows, in Prefect's own Python environment.

Each line of standard input is a workload. A line of standard output is its makespan in seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import httpx
from prefect import flow, task
from prefect.futures import wait

POLL_SECONDS = 0.5


@task
async def nap(url: str, name: str, seconds: float) -> str:
    """Run a notebook: submit it, then poll it until it has ended."""
    client = _client(url)
    notebook = {"notebook_path": "/bench/nap", "base_parameters": {"seconds": str(seconds)}}
    body = {"run_name": name, "tasks": [{"task_key": "main", "notebook_task": notebook}]}
    answer = await client.post("/api/2.2/jobs/runs/submit", json=body)
    run_id = answer.raise_for_status().json()["run_id"]
    while True:
        await asyncio.sleep(POLL_SECONDS)
        answer = await client.get("/api/2.2/jobs/runs/get", params={"run_id": run_id})
        state = answer.raise_for_status().json()["state"]
        if state["life_cycle_state"] == "TERMINATED":
            return state["result_state"]


@flow
def run_workload(url: str, nodes: list[dict[str, Any]]) -> list[str]:
    """Submit all runs; Prefect starts each of them after its upstream runs."""
    futures: dict[str, Any] = {}
    for node in nodes:
        upstream = [futures[name] for name in node["upstream"]]
        futures[node["name"]] = nap.submit(url, node["name"], node["seconds"], wait_for=upstream)
    wait(list(futures.values()))
    return [future.result() for future in futures.values()]


_clients: dict[int, httpx.AsyncClient] = {}


def _client(url: str) -> httpx.AsyncClient:
    """Return the client of this event loop: a connection belongs to one loop."""
    loop = id(asyncio.get_running_loop())
    if loop not in _clients:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
        _clients[loop] = httpx.AsyncClient(base_url=url, limits=limits, timeout=60)
    return _clients[loop]


def main() -> None:
    """Run the workloads that the parent asks for."""
    url = sys.argv[1]
    print("ready", flush=True)
    for line in sys.stdin:
        nodes, began = json.loads(line), time.monotonic()
        results = run_workload(url, nodes)
        seconds = time.monotonic() - began
        bad = [result for result in results if result != "SUCCESS"]
        if bad or len(results) != len(nodes):
            raise RuntimeError(f"{len(bad)} of {len(results)} runs did not succeed.")
        print(f"makespan {seconds}", flush=True)


if __name__ == "__main__":
    main()
