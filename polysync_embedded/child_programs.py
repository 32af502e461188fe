"""Starts, watches and ends child processes, and checks whether ports are free."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from polysync_embedded.options import StartRefused

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[1]
"""The folder that holds the packages of the programs."""
END_WITH_PARENT = Path(__file__).with_name("end_with_parent.py")
POLL = 0.05
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND

type Pause = Callable[[float], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A command, the ports on which it listens, and the option that changes the ports."""

    name: str
    command: Sequence[str]
    ports: Sequence[int]
    option: str
    essential: bool = False
    """The host ends when the program does."""
    output: Path | None = None
    """The file for its output. None is the log of the host."""
    at_host_end: signal.Signals = signal.SIGTERM
    """The signal that the program receives if the host is killed."""


class Child:
    """A running program. Its output goes to the log under its name."""

    def __init__(self, program: Program, *, inherit: Sequence[int] = ()) -> None:
        self.program = program
        self.ready = False
        self.stopping = False
        read_end, write_end = os.pipe()
        # The kernel sends the signal when the starting *thread* ends. So a program is started by a
        # thread that ends after it.
        # In its own session the program gets no Ctrl-C; the host stops the programs in order.
        output = os.open(program.output, _APPEND) if program.output else write_end
        self._process = subprocess.Popen(  # noqa: S603 - fixed commands
            [
                *(sys.executable, "-SE", str(END_WITH_PARENT), str(os.getpid())),
                *(str(int(program.at_host_end)), *program.command),
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # The program also holds the reading end of its output. If the host is killed, output
            # that is written while the program saves its data must not break the pipe.
            pass_fds=(*inherit, read_end),
        )
        for end in {output, write_end}:
            os.close(end)
        self._lines = os.fdopen(read_end, encoding="utf-8", errors="replace")

    def watch(self, on_exit: Callable[[Child], None]) -> None:
        """Copy the output of the program to the log, and call `on_exit` when it ends."""

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
        """Return the exit code, or None while the program runs."""
        return self._process.poll()

    def is_up(self) -> bool:
        """Return whether the program has printed `ready` or accepts on all its ports."""
        return self.ready or all(map(accepts, self.program.ports))

    def terminate(self) -> None:
        """Send SIGTERM, on which the program saves its data and ends."""
        self.stopping = True
        if self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End the program and its children at once."""
        self.stopping = True
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def wait(self, until: float) -> None:
        """Wait until a monotonic time for the program to end, then kill its process group."""
        try:
            self._process.wait(timeout=max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("A program did not end in time.", extra={"program": self.program.name})
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def accepts(port: int) -> bool:
    """Return whether a program listens on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_free(port: int) -> bool:
    """Return whether the loopback port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def require_free(port: int, option: str, *, timeout: float, pause: Pause = time.sleep) -> None:
    """Wait up to `timeout` seconds until the port is free.

    The programs of an earlier host may still be saving their data. If `pause` returns a true value,
    the function stops waiting.

    Raises:
        StartRefused: the port stays in use, or the number is not a port.
    """
    if not 0 < port < 65536:
        raise StartRefused(f"{port} is not a port: choose another with {option}.")
    until = time.monotonic() + timeout
    while not is_free(port):
        if time.monotonic() >= until:
            raise StartRefused(f"Port {port} is in use: choose another with {option}.")
        if pause(POLL):
            return
