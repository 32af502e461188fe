"""The programs that the host starts beside the app: Azurite and the simulators."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from devhost.settings import Options, StartRefused

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
TETHER = Path(__file__).with_name("end_with_parent.py")
PATIENT = Path(__file__).with_name("patient.cjs")
POLL = 0.05
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND

type Pause = Callable[[float], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to start, where it listens, and which option moves it elsewhere."""

    name: str
    command: Sequence[str]
    ports: Sequence[int]
    option: str
    essential: bool = False
    """The host ends when the program does."""
    output: Path | None = None
    """The file that its lines go to instead of the host's log."""


class Child:
    """A running program; its lines go to the log under its name."""

    def __init__(self, program: Program, *, inherit: Sequence[int] = ()) -> None:
        self.program = program
        self.ready = False
        self.stopping = False
        read_end, write_end = os.pipe()
        # The signal of the tether comes when the starting *thread* ends: start from the main one.
        # A session of its own keeps Ctrl-C for the host, which ends its children in order.
        output = os.open(program.output, _APPEND) if program.output else write_end
        self._process = subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, "-SE", str(TETHER), str(os.getpid()), *program.command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # The program holds the reading end of its own output as well: if the host is killed,
            # what it says while it saves its data must not end it by a broken pipe.
            pass_fds=(*inherit, read_end),
        )
        for end in {output, write_end}:
            os.close(end)
        self._lines = os.fdopen(read_end, encoding="utf-8", errors="replace")

    def watch(self, on_exit: Callable[[Child], None]) -> None:
        """Relay the program's lines, and say so when it ends."""

        def relay() -> None:
            speaker = logging.getLogger(self.program.name)
            with self._lines as lines:
                for line in lines:
                    self.ready = self.ready or line.startswith("ready ")
                    speaker.info("%s", line.rstrip())
            self._process.wait()
            on_exit(self)

        threading.Thread(target=relay, name=self.program.name, daemon=True).start()

    @property
    def exit_code(self) -> int | None:
        """Return how the program ended, or None while it runs."""
        return self._process.poll()

    def is_up(self) -> bool:
        """Tell whether the program has said that it is ready, or accepts on all its ports."""
        return self.ready or all(map(accepts, self.program.ports))

    def tell_to_end(self) -> None:
        """Send SIGTERM; the program saves what it has and ends."""
        self.stopping = True
        if self._process.poll() is None:
            self._process.terminate()

    def wait(self, until: float) -> None:
        """Wait for the end until that monotonic time, then kill the program and its group."""
        try:
            self._process.wait(timeout=max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("A program did not end in time.", extra={"program": self.program.name})
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def azurite(options: Options) -> Program:
    """Return the storage emulator with its data under the data directory.

    It keeps queues and tables in memory and writes what changed every five seconds and when it
    is told to end: SIGKILL of Azurite itself loses the last seconds, SIGKILL of the host nothing.

    Raises:
        StartRefused: it is not installed.
    """
    base = options.storage_port_base
    ports = (base, base + 1, base + 2)
    listen = [
        part
        for kind, port in zip(("blob", "queue", "table"), ports, strict=True)
        for part in (f"--{kind}Host", "127.0.0.1", f"--{kind}Port", str(port))
    ]
    flags = ["--skipApiVersionCheck", "--disableTelemetry"]
    if options.storage_log is None:
        flags.append("--silent")
    place = ["--location", str(options.data / "azurite")]
    return Program(
        name="azurite",
        command=[*_azurite_command(options.app), *flags, *place, *listen],
        ports=ports,
        option="--storage-port-base",
        essential=True,
        output=options.storage_log,
    )


def _azurite_command(app: Path) -> list[str]:
    found = [
        path for place in (app, ROOT) if (path := place / "node_modules/.bin/azurite").exists()
    ]
    if not found:
        raise StartRefused("Azurite is missing: node_modules/.bin/azurite (run `make setup`).")
    node = shutil.which("node")
    if node is None:
        raise StartRefused("Node is missing: install Node 20 or newer.")
    return [node, "--require", str(PATIENT), str(found[0].resolve())]


_PORT_OPTIONS = {
    "databricks": "--databricks-port",
    "ai_foundry": "--foundry-port",
    "google_functions": "--google-functions-port",
}


def simulators(options: Options) -> list[Program]:
    """Return the simulators to start: Databricks, and those whose ports were told."""
    programs: list[Program] = []
    for name, port in options.simulator_ports().items():
        data = options.data / "simulators" / name
        command = [sys.executable, "-u", "-m", f"simulators.{name}"]
        programs.append(
            Program(
                name=f"simulators.{name}",
                command=[*command, "--port", str(port), "--data", str(data)],
                ports=(port,),
                option=_PORT_OPTIONS[name],
            )
        )
    return programs


def accepts(port: int) -> bool:
    """Tell whether something listens on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_free(port: int) -> bool:
    """Tell whether the loopback port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def require_free(port: int, option: str, *, patience: float, pause: Pause = time.sleep) -> None:
    """Wait for the port for so many seconds: the program before may still be saving its data.

    A pause that answers with something true ends the waiting.

    Raises:
        StartRefused: the port stays taken, or is no port.
    """
    if not 0 < port < 65536:
        raise StartRefused(f"{port} is no port: choose another with {option}.")
    until = time.monotonic() + patience
    while not is_free(port):
        if time.monotonic() >= until:
            raise StartRefused(f"Port {port} is taken: choose another with {option}.")
        if pause(POLL):
            return
