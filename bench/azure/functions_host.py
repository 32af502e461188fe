"""Counts storage operations of runs and idle minutes on the local Azure Functions host."""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.azure.storage_operations import Operations, StorageLog
from bench.host import ROOT, apply_definitions, free_port
from bench.load import WARM_UP, start_runs
from bench.processes import Program, simulator
from bench.report import row, title
from devhost.durable_extension.program import program_path
from polysync_embedded.options import StartRefused

_RUNS = 200
_SECONDS = 2.0
_SETTLE_SECONDS = 15.0
"""After the last answer of the platform, the app records the ends, and the polls become rare."""
_TIMEOUT_SECONDS = 600.0
_TASK_HUB = "benchhub"


@dataclass(frozen=True, slots=True)
class FunctionsHost:
    """The Functions host with its emulator, which logs every request."""

    program: Program
    storage_log: StorageLog


def runs_on_functions(_: argparse.Namespace) -> None:
    """Measure an idle minute, then independent runs; nothing reads the runs meanwhile."""
    title(f"An idle minute and {_RUNS} runs of {_SECONDS:g} s on the Functions host")
    try:
        program_path()
    except StartRefused as refusal:
        row("left out", str(refusal))
        return
    with tempfile.TemporaryDirectory(prefix="polysync-bench-") as name:
        folder = Path(name)
        host = _functions_host(folder)
        with simulator(folder) as platform, host.program as program:
            address = platform.address()
            url = f"{program.line('ready ').split()[1]}/api"
            apply_definitions(url, address)
            _run(url, address, WARM_UP)
            idle = _count_while(host, _wait_a_minute)
            cpu = program.cpu_seconds()
            busy = _count_while(host, lambda: _run(url, address, _RUNS))
            cpu = program.cpu_seconds() - cpu
            memory = program.memory_megabytes()
    for kind in Operations:
        row(kind, f"{idle[kind]} in an idle minute, {busy[kind] / _RUNS:.1f} per run")
    row("CPU, memory (PSS)", f"{cpu / _RUNS * 1000:.0f} ms per run, {memory:.0f} MB")


def _count_while(host: FunctionsHost, work: Callable[[], None]) -> Counter[Operations]:
    """Return the operations during some work."""
    before = host.storage_log.count()
    work()
    return host.storage_log.count() - before


def _wait_a_minute() -> None:
    time.sleep(60)


def _functions_host(folder: Path) -> FunctionsHost:
    storage_log = folder / "storage.log"
    command = [
        *(sys.executable, "-m", "devhost", "--app", str(ROOT), "--no-simulators"),
        *("--port", str(free_port()), "--data", str(folder / "data")),
        *("--storage-port-base", str(_free_ports_base()), "--storage-log", str(storage_log)),
    ]
    variables = {
        "DATABRICKS_TOKEN": "bench",
        "PYTHONPATH": str(ROOT),
        "TASKHUB_NAME": _TASK_HUB,
        "POLYSYNC_RUN_EVENTS_QUEUE": "",
    }
    program = Program(command=command, log=folder / "host.log", variables=variables)
    return FunctionsHost(program, StorageLog(file=storage_log, task_hub=_TASK_HUB))


def _run(url: str, platform: str, count: int) -> None:
    """Execute runs; the platform knows when their ends are reported."""
    httpx.post(f"{platform}/reset").raise_for_status()
    asyncio.run(start_runs(url, count, seconds=_SECONDS))
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        recorded = httpx.get(f"{platform}/recorded", timeout=60).raise_for_status().json()
        if sum(run["end_known"] is not None for run in recorded) == count:
            time.sleep(_SETTLE_SECONDS)
            return
        time.sleep(0.5)
    raise RuntimeError("The runs did not end.")


def _free_ports_base() -> int:
    """Return the first of three consecutive free ports."""
    while True:
        base = free_port()
        try:
            for port in (base + 1, base + 2):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return base
