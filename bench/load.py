"""Measures the latency and throughput of independent runs on one machine."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from bench.host import measured_host
from bench.report import row, spread, title

TASK = "nap"
WARM_UP = 5
"""The number of runs before the measured ones."""
_RUNS = 200
_NAP = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The runs from the API, and their makespan."""

    runs: Sequence[dict[str, Any]]
    makespan: float

    def submit_lags(self) -> list[float]:
        """Return the seconds from acceptance to submit of each run."""
        return [_between(run["queuedAt"], _attempt(run)["submittedAt"]) for run in self.runs]

    def record_lags(self) -> list[float]:
        """Return the seconds from the platform's end to the recorded end of each run."""
        return [_between(_attempt(run)["finishedAt"], run["finishedAt"]) for run in self.runs]


def idle(_: argparse.Namespace) -> None:
    """Measure one run at a time on an idle system."""
    with measured_host() as host:
        asyncio.run(one_by_one(host.url, 2, seconds=0.1))
        outcome = asyncio.run(one_by_one(host.url, 10, seconds=0.1))
    title("10 consecutive runs on an idle system")
    row("accepted → submitted", spread(outcome.submit_lags()))


def runs(_: argparse.Namespace) -> None:
    """Measure 200 independent runs through the whole stack."""
    with measured_host() as host:
        asyncio.run(run_all(host.url, WARM_UP, seconds=2.0))
        before = host.program.cpu_seconds()
        outcome = asyncio.run(run_all(host.url, _RUNS, seconds=_NAP))
        cpu = host.program.cpu_seconds() - before
        memory = host.program.memory_megabytes()
    title(f"{_RUNS} independent runs of {_NAP:g} s through the whole stack")
    row("makespan", f"{outcome.makespan:.1f} s, {_RUNS / outcome.makespan:.1f} runs/s")
    row("accepted → submitted", spread(outcome.submit_lags()))
    row("finished → recorded", spread(outcome.record_lags()))
    row("CPU", f"{cpu / _RUNS * 1000:.0f} ms per run, with the reads of the measurement")
    row("memory (PSS)", f"{memory:.0f} MB")


async def run_all(url: str, count: int, *, seconds: float, at_once: int = 64) -> Outcome:
    """Start independent runs at once, and read them after the end of all.

    No other run may be active.
    """
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as client:
        began = time.monotonic()
        gate = asyncio.Semaphore(at_once)
        ids = await asyncio.gather(*(_start(client, gate, seconds) for _ in range(count)))
        await _until_none_is_active(client)
        makespan = time.monotonic() - began
        runs = await asyncio.gather(*(_read(client, gate, run_id) for run_id in ids))
    bad = [run for run in runs if run["status"] != "Succeeded"]
    if bad:
        raise RuntimeError(f"{len(bad)} runs did not succeed; the first: {bad[0]}")
    return Outcome(runs=runs, makespan=makespan)


async def start_runs(url: str, count: int, *, seconds: float, at_once: int = 64) -> None:
    """Start independent runs at once."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        gate = asyncio.Semaphore(at_once)
        await asyncio.gather(*(_start(client, gate, seconds) for _ in range(count)))


async def run_unread(url: str, count: int, *, seconds: float) -> None:
    """Start independent runs and wait for their end, with few reads."""
    await start_runs(url, count, seconds=seconds)
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        await _until_none_is_active(client)
        failed = await _has(client, "Failed")
    if failed:
        raise RuntimeError("A run has failed.")


async def one_by_one(url: str, count: int, *, seconds: float) -> Outcome:
    """Start consecutive runs on an idle system."""
    outcomes = [await run_all(url, 1, seconds=seconds) for _ in range(count)]
    return Outcome(
        runs=[run for outcome in outcomes for run in outcome.runs],
        makespan=sum(outcome.makespan for outcome in outcomes),
    )


async def _start(client: httpx.AsyncClient, gate: asyncio.Semaphore, seconds: float) -> str:
    async with gate:
        body = {"parameters": {"seconds": str(seconds)}}
        answer = await client.post(f"/tasks/{TASK}/run", json=body)
        answer.raise_for_status()
        return answer.json()["runId"]


async def _read(client: httpx.AsyncClient, gate: asyncio.Semaphore, run_id: str) -> dict[str, Any]:
    async with gate:
        return (await client.get(f"/task-runs/{run_id}")).raise_for_status().json()


async def _until_none_is_active(client: httpx.AsyncClient) -> None:
    while True:
        await asyncio.sleep(0.1)
        if not (await _has(client, "Queued") or await _has(client, "Running")):
            return


async def _has(client: httpx.AsyncClient, status: str) -> bool:
    answer = await client.get("/task-runs", params={"status": status, "limit": 1})
    return bool(answer.raise_for_status().json()["items"])


def _attempt(run: dict[str, Any]) -> dict[str, Any]:
    return run["attempts"][-1]


def _between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
