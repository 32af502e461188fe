"""Runs the storage emulator in memory, as a process of its own."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.devhost.host_process import ROOT, TIMEOUT, free_ports


@contextmanager
def running_azurite(folder: Path) -> Iterator[int]:
    """Yield the first of the three ports of an emulator that ends with the context."""
    # Not ports of the system's ephemeral range: another program might get one before Azurite.
    base = free_ports(4)
    process = subprocess.Popen(
        [
            *(str(ROOT / "node_modules/.bin/azurite"), "--inMemoryPersistence", "--silent"),
            *("--skipApiVersionCheck", "--disableTelemetry", "--blobPort", str(base)),
            *("--queuePort", str(base + 1), "--tablePort", str(base + 2)),
        ],
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    try:
        for port in range(base, base + 3):
            _wait_for(port, process)
        yield base
    finally:
        process.terminate()
        process.wait(timeout=TIMEOUT)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"Azurite does not listen on port {port}")
