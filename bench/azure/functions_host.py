"""Counts the storage operations of runs on the Functions host."""

from __future__ import annotations

import argparse
import asyncio
import re
import socket
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.host import ROOT, apply_definitions, free_port
from bench.load import WARM_UP, start_runs
from bench.processes import Program, simulator
from bench.report import row, title
from devhost.durable_extension.program import program_path
from polysync_embedded.options import StartRefused

_RUNS = 200
_SECONDS = 2.0
_SETTLE_SECONDS = 5.0
"""After the last answer of the platform, the app still records the ends."""
_TIMEOUT_SECONDS = 600.0
_ACCESS = re.compile(r'"(?P<method>[A-Z]+) /devstoreaccount1/(?P<path>[^ ?]*)')


@dataclass(frozen=True, slots=True)
class FunctionsHost:
    """The Functions host with its emulator, which logs every request."""

    program: Program
    storage_log: Path

    def table_operations(self) -> tuple[int, int]:
        """Return the single operations on the app's tables, and the transactions of all.

        The path of a transaction does not say whether the app or the engine has sent it.
        """
        found = self._requests()
        single = sum(count for (_, path), count in found.items() if path.startswith("Polysync"))
        return single, sum(count for (_, path), count in found.items() if path == "$batch")

    def _requests(self) -> Counter[tuple[str, str]]:
        """Return the requests by method and resource, without keys."""
        found = _ACCESS.finditer(self.storage_log.read_text())
        return Counter((match["method"], match["path"].partition("(")[0]) for match in found)


def runs_on_functions(_: argparse.Namespace) -> None:
    """Measure independent runs on the Functions host; nothing reads them meanwhile."""
    title(f"{_RUNS} runs of {_SECONDS:g} s on the Functions host, with its emulator")
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
            before, cpu = host.table_operations(), program.cpu_seconds()
            _run(url, address, _RUNS)
            after = host.table_operations()
            cpu = program.cpu_seconds() - cpu
            memory = program.memory_megabytes()
    single, transactions = (late - early for late, early in zip(after, before, strict=True))
    row("single table operations", f"{single / _RUNS:.1f} per run, by the app")
    row("table transactions", f"{transactions / _RUNS:.1f} per run, by app and engine")
    row("CPU, memory (PSS)", f"{cpu / _RUNS * 1000:.0f} ms per run, {memory:.0f} MB")


def _functions_host(folder: Path) -> FunctionsHost:
    storage_log = folder / "storage.log"
    command = [
        *(sys.executable, "-m", "devhost", "--app", str(ROOT), "--no-simulators"),
        *("--port", str(free_port()), "--data", str(folder / "data")),
        *("--storage-port-base", str(_free_ports_base()), "--storage-log", str(storage_log)),
    ]
    variables = {"DATABRICKS_TOKEN": "bench", "PYTHONPATH": str(ROOT)}
    program = Program(command=command, log=folder / "host.log", variables=variables)
    return FunctionsHost(program, storage_log)


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
