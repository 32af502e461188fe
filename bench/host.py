"""Starts an empty local host for measurements, and reads its use of resources."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil
import yaml

from polysync_embedded.simulators import ports_beside

ROOT = Path(__file__).resolve().parent.parent
_ACCESS = re.compile(r'"(?P<method>[A-Z]+) /devstoreaccount1/(?P<path>[^ ?]*)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """CPU seconds and memory of one part since its start."""

    cpu_seconds: float
    pss_megabytes: float


@dataclass(slots=True)
class LocalHost:
    """A context manager that runs `polysync dev`, or `python -m devhost`."""

    data: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="polysync-bench-")))
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Additional environment variables of the host."""
    simulators: bool = True
    """True if the host starts a Databricks simulator with its definitions."""
    on_functions: bool = False
    """True for the Functions host, whose storage emulator logs every request."""
    url: str = ""
    _process: subprocess.Popen[str] | None = None
    _simulator_port: int = 0

    def __enter__(self) -> Self:
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                self._command(free_port()),
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "DATABRICKS_TOKEN": "bench", **self.variables},
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("ready "):
            self._process.wait()
            raise RuntimeError(f"the local host did not start:\n{self.log.read_text()}")
        self.url = line.split()[1]
        if self.simulators:
            self._apply()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)

    def _command(self, port: int) -> list[str]:
        options = ["--port", str(port), "--data", str(self.data)]
        if not self.on_functions:
            self._simulator_port = ports_beside(port)["databricks"]
            simulators = ["--simulators"] if self.simulators else []
            return [sys.executable, "-m", "polysync_core.cli", "dev", *options, *simulators]
        self._simulator_port = free_port()
        return [
            *(sys.executable, "-m", "devhost", *options),
            *("--storage-port-base", str(free_ports_base())),
            *("--databricks-port", str(self._simulator_port)),
            *("--storage-log", str(self.storage_log)),
            *(() if self.simulators else ("--no-simulators",)),
        ]

    @property
    def log(self) -> Path:
        """Return the path of the host's log."""
        return self.data / "host.log"

    @property
    def storage_log(self) -> Path:
        """Return the path of the access log of the storage emulator."""
        return self.data / "storage.log"

    def usage(self) -> dict[str, Usage]:
        """Return the usage of the host and of its programs since their start."""
        assert self._process is not None
        host = psutil.Process(self._process.pid)
        used = {"host": _usage([host])}
        for child in host.children():
            words = " ".join(child.cmdline())
            parts = ("azurite", "durable-host")
            part = next((part for part in parts if part in words), "simulator")
            used[part] = _usage([child, *child.children(recursive=True)])
        return used

    def table_operations(self) -> int:
        """Return the number of requests to Table Storage; a transaction is one."""
        return sum(
            count
            for (_, path), count in self.storage_requests().items()
            if path.startswith(("Polysync", "$batch", "Tables"))
        )

    def storage_requests(self) -> Counter[tuple[str, str]]:
        """Return the storage requests by method and resource, without keys."""
        found = _ACCESS.finditer(self.storage_log.read_text())
        return Counter((match["method"], match["path"].partition("(")[0]) for match in found)

    def _apply(self) -> None:
        document = yaml.safe_load((ROOT / "examples/bench/definitions.yaml").read_text())
        for platform in document["platforms"]:
            address = f"http://127.0.0.1:{self._simulator_port}"
            platform["attributes"]["workspaceUrl"] = address
        httpx.put(f"{self.url}/definitions", json=document, timeout=60).raise_for_status()


def _usage(processes: list[psutil.Process]) -> Usage:
    cpu, memory = 0.0, 0
    for process in processes:
        try:
            times = process.cpu_times()
            cpu += times.user + times.system + times.children_user + times.children_system
            memory += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return Usage(cpu_seconds=cpu, pss_megabytes=memory / 2**20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


def free_ports_base() -> int:
    """Return the first of three consecutive free ports."""
    while True:
        base = free_port()
        try:
            for port in (base + 1, base + 2):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return base
