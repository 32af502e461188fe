"""Forks, stops and reaps one process for each notebook run.

The start of an interpreter costs tens of milliseconds of CPU; a fork of a warm interpreter costs
about one. The server has a single thread, because a fork is safe only then. Only the server
signals a child: the process id of a child cannot be reused before the server reaps it.

The server reads commands from standard input and writes reports to standard output, one JSON value
per line: `{"start": id, "file", "parameters", "lake", "log"}` and `{"stop": id, "force"}` in,
`{"started": id, "pid"}` and `{"ended": id, "outcome", "exit", "cpu"}` out. At the end of standard
input it kills all children and exits.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import selectors
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

from simulators.databricks.notebooks.notebook import preload, prepare_environment, run_notebook

# Common imports of notebooks, loaded once here and not in every run.
_PRELOADED = (
    "collections csv datetime decimal hashlib io itertools math pathlib random re sqlite3"
    " statistics time urllib.parse uuid"
)
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A notebook process that has not been reaped."""

    id: int
    pid: int
    outcome: IO[bytes]


class ForkServer:
    """Starts, stops and reaps notebook processes until its standard input ends."""

    def __init__(self) -> None:
        self._children: dict[int, Child] = {}
        self._pids: dict[int, int] = {}
        self._unread = b""
        self._die_with_parent = _parent_death_signal()

    def serve(self) -> None:
        """Serve until standard input ends, then kill all children."""
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        os.set_blocking(read_end, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # Ctrl-C reaches the whole foreground group; the simulator decides when the server ends.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ)
            selector.register(read_end, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if read_end in ready:
                    os.read(read_end, 65536)
                    self._reap()
                if 0 in ready and not self._read_commands():
                    break
        for child in self._children.values():
            _kill_group(child.pid, signal.SIGKILL)

    def _read_commands(self) -> bool:
        chunk = os.read(0, 1 << 20)
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        for line in lines:
            command = json.loads(line)
            if "start" in command:
                self._start(command)
            elif (child := self._children.get(command["stop"])) is not None:
                _kill_group(child.pid, signal.SIGKILL if command["force"] else signal.SIGTERM)
        return bool(chunk)

    def _start(self, command: dict[str, Any]) -> None:
        preload(Path(command["file"]))
        outcome = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the child is reaped
        pid = os.fork()
        if pid == 0:
            self._become_notebook(command, outcome)
        # Parent and child both do this, so that the group exists before any signal.
        _move_to_own_group(pid)
        self._children[command["start"]] = Child(id=command["start"], pid=pid, outcome=outcome)
        self._pids[pid] = command["start"]
        _report({"started": command["start"], "pid": pid})

    def _become_notebook(self, command: dict[str, Any], outcome: IO[bytes]) -> NoReturn:
        status = 1
        try:
            _move_to_own_group(0)
            self._die_with_parent()
            _restore_signals()
            _redirect_streams(command["log"])
            sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="replace")
            lake = Path(command["lake"])
            prepare_environment(lake)
            result = run_notebook(Path(command["file"]), command["parameters"], lake)
            outcome.write(json.dumps(result.as_json()).encode())
            outcome.flush()
            sys.stdout.flush()
            sys.stderr.flush()
            status = 0
        finally:
            # The child must never return into the server's loop.
            os._exit(status)

    def _reap(self) -> None:
        while self._pids:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self._children.pop(self._pids.pop(pid))
            child.outcome.seek(0)
            written = child.outcome.read()
            child.outcome.close()
            _report(
                {
                    "ended": child.id,
                    "outcome": json.loads(written) if written else None,
                    "exit": os.waitstatus_to_exitcode(status),
                    "cpu": usage.ru_utime + usage.ru_stime,
                }
            )


def _report(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _move_to_own_group(pid: int) -> None:
    try:
        os.setpgid(pid, pid)
    except (PermissionError, ProcessLookupError):
        # The child has already moved itself, or it has ended.
        return


def _kill_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


def _restore_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _redirect_streams(log: str) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)


class _NoParentDeathSignal:
    def __call__(self) -> None:
        """Do nothing: only Linux has this signal, and the end of standard input suffices."""


class _LinuxParentDeathSignal:
    """Makes the kernel kill the calling process when its parent dies."""

    def __init__(self) -> None:
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl

    def __call__(self) -> None:
        self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _parent_death_signal() -> _LinuxParentDeathSignal | _NoParentDeathSignal:
    return _LinuxParentDeathSignal() if sys.platform == "linux" else _NoParentDeathSignal()


def _warm_up() -> None:
    for name in _PRELOADED.split():
        __import__(name)
    # A garbage collection in a child would copy every memory page that it shares with the server.
    gc.collect()
    gc.freeze()


def main() -> None:
    """Run the fork server."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    _warm_up()
    ForkServer().serve()


if __name__ == "__main__":
    main()
