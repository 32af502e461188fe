"""Starts `polysync dev` as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.integration.devhost.host_process import ROOT, TIMEOUT, free_ports


class Dev:
    """One process of `polysync dev`."""

    def __init__(
        self, data: Path, *options: str, port: int | None = None, **variables: str
    ) -> None:
        self.port = free_ports(1) if port is None else port
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        if not data.parent.is_dir():
            self.log = data.parent.with_suffix(".log")
        command = [sys.executable, "-m", "polysync_core.cli", "dev", "--port", str(self.port)]
        usual = {key: text for key, text in os.environ.items() if key != "POLYSYNC_STORAGE"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--data", str(data), *options],
                cwd=ROOT,
                env=usual | variables,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def ready(self, address: str = "127.0.0.1") -> Dev:
        """Wait for the ready line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == f"ready http://{address}:{self.port}/console/\n", self.log_text()
        return self

    def log_text(self) -> str:
        """Return the text that the process wrote to stderr."""
        return self.log.read_text()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=TIMEOUT)

    def refusal(self) -> str:
        """Return the one line by which a host explains that it cannot start."""
        assert self.process.wait(timeout=TIMEOUT) == 1
        (line,) = self.log_text().splitlines()
        return line

    def close(self) -> None:
        """End the process if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=TIMEOUT)
        if self.process.stdout is not None:
            self.process.stdout.close()


StartDev = Callable[..., Dev]
"""Starts a process with options; it ends after the test."""
