"""Starts the embedded host and a simulated platform for benchmarks."""

from __future__ import annotations

import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
import yaml

from bench.processes import Program, simulator
from polysync_core.storage.sqlite.database import FILE_NAME

ROOT = Path(__file__).resolve().parents[1]


@dataclass(slots=True)
class EmbeddedHost:
    """A context manager that runs `polysync dev`; the host can be killed and started again."""

    folder: Path
    """The folder of the data folder and of the log."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Additional environment variables of the host."""
    _port: int = field(default_factory=lambda: free_port())
    _program: Program | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.program.stop()

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"http://127.0.0.1:{self._port}/api"

    @property
    def database(self) -> Path:
        """The file with everything that is stored."""
        return self.folder / "polysync" / FILE_NAME

    @property
    def program(self) -> Program:
        """The process of the last start."""
        assert self._program is not None
        return self._program

    def start(self) -> float:
        """Start the host, and return the seconds until it is ready."""
        began = time.monotonic()
        self.spawn()
        self.program.line("ready ")
        return time.monotonic() - began

    def spawn(self) -> None:
        """Start the process of the host without waiting for it."""
        command = [
            *(sys.executable, "-m", "polysync_core.cli", "dev", "--log-format", "json"),
            *("--port", str(self._port), "--data", str(self.database.parent)),
        ]
        self._program = Program(
            command=command,
            log=self.folder / "polysync.log",
            variables={"DATABRICKS_TOKEN": "bench", "PYTHONPATH": str(ROOT), **self.variables},
        )
        self._program.start()

    def apply(self, platform: str) -> None:
        """Define the Job and the Task of the measurements, on a platform."""
        apply_definitions(self.url, platform)


@contextmanager
def measured_host(folder: Path | None = None) -> Iterator[EmbeddedHost]:
    """Run a host with the definitions of the measurements, and its platform."""
    with tempfile.TemporaryDirectory(prefix="polysync-bench-") as name:
        own = folder or Path(name)
        with simulator(own) as platform, EmbeddedHost(own) as host:
            host.apply(platform.address())
            yield host


def apply_definitions(url: str, platform: str) -> None:
    """Define the Job and the Task of the measurements in any host."""
    document = yaml.safe_load((ROOT / "examples/bench/definitions.yaml").read_text())
    document["platforms"][0]["attributes"]["workspaceUrl"] = platform
    httpx.put(f"{url}/definitions", json=document, timeout=60).raise_for_status()


def free_port() -> int:
    """Return a port that nothing uses."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]
