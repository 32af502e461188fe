"""Starts Azurite for benchmarks that need only storage."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.host import ROOT, free_ports_base
from devhost.settings import storage_connection
from polysync_core.storage.azure.connection import StorageConnection
from polysync_embedded.child_programs import accepts


@contextmanager
def emulator() -> Iterator[StorageConnection]:
    """Yield the connection to a new Azurite.

    It works in memory, because its periodic saves to disk would distort the figures.
    """
    base = free_ports_base()
    ports = [
        part
        for offset, kind in enumerate(("blob", "queue", "table"))
        for part in (f"--{kind}Port", str(base + offset))
    ]
    with tempfile.TemporaryDirectory(prefix="polysync-bench-") as empty:
        process = subprocess.Popen(
            [
                *(str(ROOT / "node_modules/.bin/azurite"), "--silent", "--inMemoryPersistence"),
                *("--skipApiVersionCheck", "--disableTelemetry", *ports),
            ],
            cwd=empty,
            stdout=subprocess.DEVNULL,
        )
        try:
            while not accepts(base + 2):
                time.sleep(0.1)
            yield StorageConnection(connection_string=storage_connection(base))
        finally:
            process.terminate()
            process.wait(timeout=20)
