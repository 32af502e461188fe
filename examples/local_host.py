"""Defines the options of the demo, and starts and stops its local host."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
API_PORT = 7071
STORAGE_PORT = 10000
DATABRICKS_PORT = 8787
FOUNDRY_PORT = 9787
GOOGLE_FUNCTIONS_PORT = 9788
START_SECONDS = 90.0
STOP_SECONDS = 15.0
LOG_LINES = 30


class DemoFailed(Exception):
    """The demo cannot continue. The message states the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoConfig:
    """The ports and the data folder of the demo."""

    port: int
    storage_port_base: int
    databricks_port: int
    foundry_port: int
    google_functions_port: int
    data: Path

    @property
    def api_url(self) -> str:
        """The address of the API."""
        return f"{local_url(self.port)}/api"

    @property
    def addresses(self) -> Mapping[str, str]:
        """The actual address of each simulator, by its address in the definitions."""
        ports = {
            DATABRICKS_PORT: self.databricks_port,
            FOUNDRY_PORT: self.foundry_port,
            GOOGLE_FUNCTIONS_PORT: self.google_functions_port,
        }
        return {local_url(default): local_url(port) for default, port in ports.items()}

    @property
    def options(self) -> list[str]:
        """The command line options of the local host."""
        ports = {
            "--port": self.port,
            "--storage-port-base": self.storage_port_base,
            "--databricks-port": self.databricks_port,
            "--foundry-port": self.foundry_port,
            "--google-functions-port": self.google_functions_port,
        }
        options = [text for name, port in ports.items() for text in (name, str(port))]
        return [*options, "--data", str(self.data)]


def local_url(port: int) -> str:
    """Return the address of a port on this machine."""
    return f"http://127.0.0.1:{port}"


class Host:
    """The process of the local host."""

    def __init__(self, config: DemoConfig) -> None:
        """Start the process; its output goes to the log file."""
        self._config = config
        self.log = config.data / "devhost.log"
        environment = {"DATABRICKS_TOKEN": f"demo-{secrets.token_hex(8)}"} | os.environ
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "devhost", *config.options],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the demo only, which then stops the host
            )

    def wait_until_ready(self) -> None:
        """Wait until the log of the host has the line `ready`."""
        line, deadline = f"ready {self._config.api_url}", time.monotonic() + START_SECONDS
        while line not in self._log_lines():
            if time.monotonic() > deadline:
                raise DemoFailed(f"The local host was not ready within {START_SECONDS:.0f} s.")
            self.wait(0.1)

    def wait(self, seconds: float) -> None:
        """Wait; raise `DemoFailed` as soon as the host has ended."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise DemoFailed(f"The local host ended with exit code {code}.")

    def stop(self) -> None:
        """Stop the host and its child processes."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def log_end(self) -> str:
        """Return the last lines of the log."""
        return "\n".join(self._log_lines()[-LOG_LINES:])

    def _log_lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()


def free_ports(first: int, count: int) -> int:
    """Return the first of `count` consecutive free ports, at or after `first`."""
    while not all(is_free(port) for port in range(first, first + count)):
        first += count
    return first


def is_free(port: int) -> bool:
    """Return whether no process listens on the loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def empty_folder(requested: Path | None) -> Path:
    """Return an empty folder.

    Only the default folder is ever emptied, and only while no other demo uses it.
    """
    folder = (requested or ROOT / ".local" / "demo").resolve()
    if requested is None and folder.exists():
        _require_unused(folder / "lock")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise DemoFailed(f"{folder} is not empty.")
    return folder


def _require_unused(lock: Path) -> None:
    # The host holds this lock while it or its storage may write.
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoFailed("Another demo is running: set another folder with --data.") from None
