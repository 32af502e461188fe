"""Runs the benchmark workloads on Polysync, started by `polysync dev`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.host import EmbeddedHost
from bench.processes import Program
from bench.workloads import Workload, tasks_of

_CONNECTIONS = 64
_PAGE = 100
_TIMEOUT_SECONDS = 600
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Polysync:
    """A running Polysync; implements `Peer`."""

    programs: Sequence[Program]
    url: str
    platform: str

    def run(self, workload: Workload) -> float:
        """Define the Tasks, start the root runs, and wait for the end of all."""
        return asyncio.run(self._run(workload))

    async def _run(self, workload: Workload) -> float:
        limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
        async with (
            httpx.AsyncClient(base_url=self.url, limits=limits, timeout=60) as client,
            httpx.AsyncClient(base_url=self.platform) as platform,
        ):
            before, known = await _ended(client), await _known(platform)
            roots = await self._define(client, workload)
            began = time.monotonic()
            gate = asyncio.Semaphore(_CONNECTIONS)
            await asyncio.gather(*(_start(client, gate, *root) for root in roots))
            await _until_known(platform, known + len(workload.nodes), began)
            await _until_ended(client, before + len(workload.nodes), began)
            return time.monotonic() - began

    async def _define(
        self, client: httpx.AsyncClient, workload: Workload
    ) -> list[tuple[str, dict[str, Any]]]:
        """Store the Tasks of a graph; return the Tasks to start with their parameters."""
        if len(workload.roots) == len(workload.nodes):
            return [("nap", {"seconds": node.seconds}) for node in workload.nodes]
        answer = await client.put("/definitions", json={"tasks": tasks_of(workload)})
        answer.raise_for_status()
        return [(node.name, {}) for node in workload.roots]


@contextmanager
def open_polysync(folder: Path, platform: str) -> Iterator[Polysync]:
    """Start Polysync with its data in a folder, and define the Job of the workloads."""
    with EmbeddedHost(folder) as host:
        host.apply(platform)
        yield Polysync([host.program], host.url, platform)


async def _start(
    client: httpx.AsyncClient, gate: asyncio.Semaphore, task: str, parameters: dict[str, Any]
) -> None:
    async with gate:
        answer = await client.post(f"/tasks/{task}/run", json={"parameters": parameters})
        answer.raise_for_status()


async def _until_known(platform: httpx.AsyncClient, count: int, began: float) -> None:
    """Wait until Polysync knows the end of so many runs, without a request to Polysync.

    The reads of the measurement would cost more than the runs themselves.
    """
    while time.monotonic() < began + _TIMEOUT_SECONDS:
        if await _known(platform) >= count:
            return
        await asyncio.sleep(_POLL_SECONDS)


async def _known(platform: httpx.AsyncClient) -> int:
    return (await platform.get("/known")).raise_for_status().json()["runs"]


async def _until_ended(client: httpx.AsyncClient, count: int, began: float) -> None:
    """Wait until no run is active and so many have succeeded."""
    while time.monotonic() < began + _TIMEOUT_SECONDS:
        await asyncio.sleep(_POLL_SECONDS)
        if not await _has_active(client) and await _ended(client) == count:
            return
    raise RuntimeError(f"{await _ended(client)} of {count} runs have succeeded in time.")


async def _has_active(client: httpx.AsyncClient) -> bool:
    for status in ("Running", "Queued"):
        answer = await client.get("/task-runs", params={"status": status, "limit": 1})
        if answer.raise_for_status().json()["items"]:
            return True
    return False


async def _ended(client: httpx.AsyncClient) -> int:
    """Return the number of runs that have succeeded."""
    count, query = 0, {"status": "Succeeded", "limit": _PAGE}
    while True:
        page = (await client.get("/task-runs", params=query)).raise_for_status().json()
        count += len(page["items"])
        if page["continuationToken"] is None:
            return count
        query["continuationToken"] = page["continuationToken"]
