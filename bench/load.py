"""Measures the delays, throughput and memory of independent runs on a local host."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from bench.host import LocalHost
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
    reads: int
    """The number of reads of runs, one table operation each."""

    def submit_lags(self) -> list[float]:
        """Return the seconds from acceptance to submit of each run."""
        return [_between(run["queuedAt"], _attempt(run)["submittedAt"]) for run in self.runs]

    def record_lags(self) -> list[float]:
        """Return the seconds from the platform's end to the recorded end of each run."""
        return [_between(_attempt(run)["finishedAt"], run["finishedAt"]) for run in self.runs]


def idle(_: argparse.Namespace) -> None:
    """Measure one run at a time on an idle system."""
    with LocalHost() as host:
        asyncio.run(one_by_one(host.url, 2, seconds=0.1))
        outcome = asyncio.run(one_by_one(host.url, 10, seconds=0.1))
    title("10 consecutive runs on an idle system")
    row("accepted → submitted", spread(outcome.submit_lags()))


def runs(_: argparse.Namespace) -> None:
    """Measure 200 independent runs through the whole stack."""
    with LocalHost() as host:
        _measure_runs(host, f"{_RUNS} independent runs of {_NAP:g} s through the whole stack")


def runs_on_functions(_: argparse.Namespace) -> None:
    """Measure 200 independent runs on the Functions host, with their table operations."""
    with LocalHost(on_functions=True) as host:
        before = host.table_operations()
        outcome = _measure_runs(host, f"{_RUNS} runs of {_NAP:g} s on the Functions host")
        own = host.table_operations() - before - outcome.reads
    row("table operations per run", f"{own / (_RUNS + WARM_UP):.1f} (without its own reads)")


def _measure_runs(host: LocalHost, heading: str) -> Outcome:
    """Execute the runs, and print their delays and the use of resources."""
    asyncio.run(run_all(host.url, WARM_UP, seconds=2.0))
    before = host.usage()
    outcome = asyncio.run(run_all(host.url, _RUNS, seconds=_NAP))
    after = host.usage()
    title(heading)
    row("makespan", f"{outcome.makespan:.1f} s, {_RUNS / outcome.makespan:.1f} runs/s")
    row("accepted → submitted", spread(outcome.submit_lags()))
    row("finished → recorded", spread(outcome.record_lags()))
    for part, used in after.items():
        cpu = used.cpu_seconds - before[part].cpu_seconds
        memory = f"{used.pss_megabytes:.0f} MB (PSS)"
        row(f"{part}: CPU, memory", f"{cpu / _RUNS * 1000:.0f} ms per run, {memory}")
    return outcome


def memory(options: argparse.Namespace) -> None:
    """Measure the memory of the host during many short runs."""
    title(f"Memory of the host (PSS) over {options.many} runs of 0.1 s")
    with LocalHost() as host:
        done, step = 0, max(options.many // 4, 1)
        while done < options.many:
            asyncio.run(run_all(host.url, step, seconds=0.1))
            done += step
            row(f"after {done} runs", f"{host.usage()['host'].pss_megabytes:.0f} MB")


async def run_all(url: str, count: int, *, seconds: float, at_once: int = 64) -> Outcome:
    """Start `count` independent runs at the speed of the API, and wait for all."""
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as client:
        began = time.monotonic()
        gate = asyncio.Semaphore(at_once)
        ids = await asyncio.gather(*(_start(client, gate, seconds) for _ in range(count)))
        reads = await _until_ended(client, set(ids))
        makespan = time.monotonic() - began
        runs = await asyncio.gather(*(_read(client, gate, run_id) for run_id in ids))
    bad = [run for run in runs if run["status"] != "Succeeded"]
    if bad:
        raise RuntimeError(f"{len(bad)} runs did not succeed; the first: {bad[0]}")
    return Outcome(runs=runs, makespan=makespan, reads=reads + count)


async def one_by_one(url: str, count: int, *, seconds: float) -> Outcome:
    """Start consecutive runs on an idle system."""
    outcomes = [await run_all(url, 1, seconds=seconds) for _ in range(count)]
    return Outcome(
        runs=[run for outcome in outcomes for run in outcome.runs],
        makespan=sum(outcome.makespan for outcome in outcomes),
        reads=sum(outcome.reads for outcome in outcomes),
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


async def _until_ended(client: httpx.AsyncClient, ids: set[str]) -> int:
    """Wait for the end of all runs; return the number of requests."""
    reads = 0
    for run_id in ids:
        while True:
            reads += 1
            run = (await client.get(f"/task-runs/{run_id}")).raise_for_status().json()
            if run["finishedAt"] is not None:
                break
            await asyncio.sleep(0.25)
    return reads


def _attempt(run: dict[str, Any]) -> dict[str, Any]:
    return run["attempts"][-1]


def _between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
