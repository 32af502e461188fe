"""Defines the local system of the demo: ports, data folder, log file and programs."""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from polysync_core.console.paths import BASE
from polysync_core.storage.sqlite.database import FILE_NAME
from polysync_embedded.child_programs import Program, is_free
from polysync_embedded.options import DATA, PORT, ignore_in_version_control
from polysync_embedded.simulators import PORTS, simulator_program

LOG_LINES = 30


class DemoFailed(Exception):
    """The demo cannot continue. The message states the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoConfig:
    """The ports and the data folder of the demo."""

    port: int
    simulators: Mapping[str, int]
    """The port of each simulator, by name."""
    data: Path

    @property
    def api_url(self) -> str:
        """The address of the API."""
        return f"{local_url(self.port)}/api"

    @property
    def console_url(self) -> str:
        """The address of the console."""
        return f"{local_url(self.port)}{BASE}"

    @property
    def log(self) -> Path:
        """The file for the log of the host and the output of the simulators."""
        return self.data / "host.log"

    @property
    def addresses(self) -> Mapping[str, str]:
        """The actual address of each simulator, by its address in the definitions."""
        return {
            local_url(default): local_url(self.simulators[name]) for name, default in PORTS.items()
        }


def local_url(port: int) -> str:
    """Return the address of a port on this machine."""
    return f"http://127.0.0.1:{port}"


def programs(config: DemoConfig) -> list[Program]:
    """Return the simulators and the host."""
    simulators = [
        simulator_program(name, port, config.data, option="--data")
        for name, port in config.simulators.items()
    ]
    command = [sys.executable, "-m", "polysync_core.cli", "dev"]
    options = ["--port", str(config.port), "--data", str(config.data)]
    host = Program(name="host", command=[*command, *options], ports=(config.port,), option="--port")
    return [*simulators, host]


def prepare_token() -> None:
    """Set the token of the simulated workspace, which accepts any."""
    os.environ.setdefault("DATABRICKS_TOKEN", f"demo-{secrets.token_hex(8)}")


def log_to(file: Path) -> None:
    """Write the output of the programs to a file."""
    logging.basicConfig(filename=file, level=logging.INFO, format="%(message)s", force=True)


def log_end(file: Path) -> str:
    """Return the last lines of the log."""
    if not file.exists():
        return ""
    return "\n".join(file.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])


def choose_ports(port: int | None, data: Path | None) -> DemoConfig:
    """Return the configuration; ports that are taken are replaced by the next free ones."""
    taken: set[int] = set()

    def choose(first: int) -> int:
        while first in taken or not is_free(first):
            first += 1
        taken.add(first)
        return first

    return DemoConfig(
        port=port or choose(PORT),
        simulators={name: choose(default) for name, default in PORTS.items()},
        data=empty_folder(data),
    )


def empty_folder(requested: Path | None) -> Path:
    """Return an empty folder.

    Only the default folder is ever emptied, and only while no other demo uses it.
    """
    folder = (requested or DATA / "demo").resolve()
    if requested is None:
        DATA.mkdir(exist_ok=True)
        ignore_in_version_control(DATA)
    if requested is None and folder.exists():
        _require_unused(folder)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise DemoFailed(f"{folder} is not empty: choose another folder with --data.")
    return folder


def _require_unused(folder: Path) -> None:
    lock = folder / f"{FILE_NAME}.lock"
    if not lock.exists():
        return
    # The host holds this lock while it may write.
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoFailed(
                "Another demo is running: choose another folder with --data."
            ) from None
