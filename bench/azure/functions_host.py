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

    def table_operations(self) -> int:
        """Return the number of requests to tables of the app; a transaction is one."""
        return sum(
            count
            for (_, path), count in self._requests().items()
            if path.startswith(("Polysync", "$batch", "Tables"))
        )

    def _requests(self) -> Counter[tuple[str, str]]:
        """Return the requests by method and resource, without keys."""
        found = _ACCESS.finditer(self.storage_log.read_text())
        return Counter((match["method"], match["path"].partition("(")[0]) for match in found)


def runs_on_functions(_: argparse.Namespace) -> None:
    """Measure independent runs on the Functions host; nothing reads them meanwhile."""
    with tempfile.TemporaryDirectory(prefix="polysync-bench-") as name:
        folder = Path(name)
        host = _functions_host(folder)
        with simulator(folder) as platform, host.program as program:
            address, url = platform.address(), program.line("ready ").split()[1]
            apply_definitions(url, address)
            _run(url, address, WARM_UP)
            before, cpu = host.table_operations(), program.cpu_seconds()
            _run(url, address, _RUNS)
            operations = host.table_operations() - before
            cpu = program.cpu_seconds() - cpu
            memory = program.memory_megabytes()
    title(f"{_RUNS} runs of {_SECONDS:g} s on the Functions host, with its emulator")
    row("table operations per run", f"{operations / _RUNS:.1f}")
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
