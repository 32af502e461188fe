"""The local host of the demo: where it works, how it starts, what it says and how it ends."""

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
    """The demo did not come to its end; the message says at what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the demo works: its ports and its files."""

    port: int
    storage_port_base: int
    databricks_port: int
    foundry_port: int
    google_functions_port: int
    data: Path

    @property
    def api_url(self) -> str:
        return f"{local_url(self.port)}/api"

    @property
    def addresses(self) -> Mapping[str, str]:
        """Where the simulators are, by the addresses at which the definitions expect them."""
        ports = {
            DATABRICKS_PORT: self.databricks_port,
            FOUNDRY_PORT: self.foundry_port,
            GOOGLE_FUNCTIONS_PORT: self.google_functions_port,
        }
        return {local_url(usual): local_url(port) for usual, port in ports.items()}

    @property
    def options(self) -> list[str]:
        """What the local host is told."""
        ports = {
            "--port": self.port,
            "--storage-port-base": self.storage_port_base,
            "--databricks-port": self.databricks_port,
            "--foundry-port": self.foundry_port,
            "--google-functions-port": self.google_functions_port,
        }
        told = [text for option, port in ports.items() for text in (option, str(port))]
        return [*told, "--data", str(self.data)]


def local_url(port: int) -> str:
    """Return the address of what listens on a port of this machine."""
    return f"http://127.0.0.1:{port}"


class Host:
    """The local host, as a process of its own."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.log = place.data / "devhost.log"
        environment = {"DATABRICKS_TOKEN": f"demo-{secrets.token_hex(8)}"} | os.environ
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "devhost", *place.options],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demo, which then stops the host
            )

    def wait_until_ready(self) -> None:
        """Wait for the line by which the host says that it serves."""
        line, until = f"ready {self._place.api_url}", time.monotonic() + START_SECONDS
        while line not in self._said():
            if time.monotonic() > until:
                raise DemoFailed(f"The local host was not ready within {START_SECONDS:.0f} s.")
            self.wait(0.1)

    def wait(self, seconds: float) -> None:
        """Wait; raise DemoFailed as soon as the host is no longer there."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise DemoFailed(f"The local host ended with exit code {code}.")

    def stop(self) -> None:
        """End the host and all that it started."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """Return the end of the log."""
        return "\n".join(self._said()[-LOG_LINES:])

    def _said(self) -> list[str]:
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()


def free_ports(first: int, count: int) -> int:
    """Return the first port, from `first` on, that starts so many free ones in a row."""
    while not all(is_free(port) for port in range(first, first + count)):
        first += count
    return first


def is_free(port: int) -> bool:
    """Tell whether nothing listens on the loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def fresh_folder(told: Path | None) -> Path:
    """Return an empty folder; only the demo's own is ever emptied, and not while it is in use."""
    folder = (told or ROOT / ".local" / "demo").resolve()
    if told is None and folder.exists():
        _require_unused(folder / "lock")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise DemoFailed(f"{folder} is not empty.")
    return folder


def _require_unused(lock: Path) -> None:
    # The host holds this lock for as long as it, or its storage, may write.
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoFailed("Another demo is running: give this one a --data.") from None
