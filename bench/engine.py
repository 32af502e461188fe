"""Measures the cost of a run in the embedded engine, without storage or platforms."""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bench.report import row, title
from orchestrations.durable_functions import DURABLE_FUNCTIONS, DurableFunctions
from polysync_core.domain.dispatch.policies import PlatformPolicy, PolicySet, TaskPolicy
from polysync_core.domain.dispatch.state import WaitingRun
from polysync_core.domain.runs.identity import RunId, derived_run_id
from polysync_embedded.engine.running import run_on
from polysync_embedded.workers.call_queue import ThreadShares

_ONE_THREAD = ThreadShares(threads=1, per_platform=1, for_idle_platforms=0, for_storage=0)
_RUNS = 1_000
_POLLS = 2
_WITHIN = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineCost:
    """The cost of one run in the engine."""

    cpu_microseconds: float
    runs_a_second: float
    activities: float


class _Activities:
    """Activities that answer at once, as for a run that its second poll finds ended."""

    def __init__(self, runs: int) -> None:
        self.calls = 0
        self.all_done = threading.Event()
        self._left = runs

    def submit(self, work: Any) -> dict[str, Any]:
        self.calls += 1
        return {"submitted": True, "memo": {"polls": 0}, "after": 0}

    def poll(self, work: Any) -> dict[str, Any]:
        self.calls += 1
        polls = work["memo"]["polls"] + 1
        if polls < _POLLS:
            return {"submitted": True, "memo": {"polls": polls}, "after": 0}
        self._left -= 1
        if not self._left:
            self.all_done.set()
        return {"done": True, "submitted": True, "memo": {}, "after": 0, "notify": []}


def engine(_: argparse.Namespace) -> None:
    """Measure a run of three activities without limits."""
    cost = asyncio.run(measure_runs(_RUNS))
    title(f"{_RUNS} runs in the embedded engine alone")
    row("CPU of a run", f"{cost.cpu_microseconds:.0f} µs for {cost.activities:.0f} activities")
    row("throughput", f"{cost.runs_a_second:.0f} runs/s on one thread for activities")


async def measure_runs(runs: int) -> EngineCost:
    """Run many runs at once, and return the cost of one."""
    activities = _Activities(runs)
    functions = DurableFunctions(
        orchestrations=DURABLE_FUNCTIONS.orchestrations,
        activities={"submit_attempt": activities.submit, "poll_attempt": activities.poll},
    )
    measured = run_on(asyncio.get_running_loop(), shares=_ONE_THREAD, functions=functions)
    policies = PolicySet()
    policies.add(TaskPolicy(name="nap"), PlatformPolicy(name="lakehouse"))
    waiting = [_waiting(derived_run_id("bench", str(number))) for number in range(runs)]
    began, cpu = time.perf_counter(), time.process_time()
    for each in waiting:
        measured.enqueue("main", each, policies)
    assert await asyncio.to_thread(activities.all_done.wait, _WITHIN)
    while (await asyncio.to_thread(measured.dispatcher, "main")).leases:
        """The last messages to the Dispatcher are under way."""
    spent, seconds = time.process_time() - cpu, time.perf_counter() - began
    await measured.stop(_WITHIN)
    return EngineCost(
        cpu_microseconds=spent / runs * 1e6,
        runs_a_second=runs / seconds,
        activities=activities.calls / runs,
    )


def _waiting(run_id: RunId) -> WaitingRun:
    return WaitingRun(
        run_id=run_id,
        attempt=1,
        task="nap",
        platform="lakehouse",
        priority=100,
        queued_at=datetime.now(UTC),
    )
