"""Starts, stops and awaits notebook processes through the fork server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.databricks.notebooks.notebook import Outcome

log = logging.getLogger(__name__)

_REPOSITORY = Path(__file__).parents[3]
# A report contains an exit value of up to 5 MB; JSON escapes can multiply its length.
_MAX_REPORT_BYTES = 64 * 1024 * 1024
_FORK_SERVER = (sys.executable, "-m", "simulators.databricks.notebooks.fork_server")
GRACE_SECONDS = 2.0
"""The time between SIGTERM and SIGKILL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The end of a notebook process."""

    outcome: Outcome | None
    """None if the process died before the notebook ended."""
    exit_code: int
    """The exit code as in `subprocess`: negative for a signal."""
    cpu_seconds: float

    @property
    def death(self) -> str:
        """The error text for a process that died."""
        if self.exit_code >= 0:
            return f"The Python process exited with exit code {self.exit_code}."
        name = signal.Signals(-self.exit_code).name
        return f"The Python process exited with exit code {128 - self.exit_code} ({name})."


class DriverLost(Exception):
    """The fork server ended, and the notebook process with it."""


class NotebookProcess:
    """One notebook process, from the start command to its end."""

    def __init__(self, driver: Driver, process_id: int) -> None:
        loop = asyncio.get_running_loop()
        # Only the driver completes these futures. A waiter uses asyncio.wait: with a plain await,
        # its cancellation would cancel the future, and the later report would fail.
        self._started: asyncio.Future[int] = loop.create_future()
        self._ended: asyncio.Future[Ended] = loop.create_future()
        self._driver = driver
        self._id = process_id

    async def started(self) -> int:
        """Wait for the start and return the process id."""
        await asyncio.wait({self._started})
        return self._started.result()

    async def ended(self) -> Ended:
        """Wait for the end of the process; raise `DriverLost` if the process is lost."""
        await asyncio.wait({self._ended})
        return self._ended.result()

    async def stop(self) -> None:
        """End the process and its children; return when they are gone."""
        self._driver.send({"stop": self._id, "force": False})
        done, _ = await asyncio.wait({self._ended}, timeout=GRACE_SECONDS)
        if not done:
            self._driver.send({"stop": self._id, "force": True})
            await asyncio.wait({self._ended})

    def report_start(self, pid: int) -> None:
        """Report to all waiters that the process runs."""
        self._started.set_result(pid)

    def report_end(self, ended: Ended) -> None:
        """Report the end of the process to all waiters."""
        self._ended.set_result(ended)

    def report_lost(self) -> None:
        """Report to all waiters that the process is lost."""
        for future in (self._started, self._ended):
            if not future.done():
                future.set_exception(DriverLost())
                future.exception()  # a waiter may await only one of the two


class Driver:
    """Runs each notebook in its own process."""

    def __init__(self, *, server: Sequence[str] = _FORK_SERVER) -> None:
        self._command = server
        self._server: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._processes: dict[int, NotebookProcess] = {}
        self._opening = asyncio.Lock()

    @property
    def is_serving(self) -> bool:
        """True if the fork server is not known to have ended."""
        return self._server is not None and self._server.returncode is None

    async def open(self) -> None:
        """Start the fork server."""
        self._server = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=_REPOSITORY,
            limit=_MAX_REPORT_BYTES,
        )
        self._reader = asyncio.create_task(self._read_reports(self._server))

    async def close(self) -> None:
        """End the fork server and every notebook process."""
        if self._server is None or self._reader is None:
            return
        server, self._server = self._server, None
        if server.stdin is not None:
            server.stdin.close()
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await server.wait()
        except TimeoutError:
            log.warning("Fork server killed.", extra={"action": "fork_server_killed"})
            with contextlib.suppress(ProcessLookupError):
                server.kill()
            await server.wait()
        await self._reader

    async def start(
        self, process_id: int, *, file: Path, parameters: Mapping[str, str], data_folder: Path
    ) -> NotebookProcess:
        """Start a notebook; `data_folder` contains the lake and the logs."""
        async with self._opening:
            await self._reopen_if_lost()
        process = NotebookProcess(self, process_id)
        self._processes[process_id] = process
        self.send(
            {
                "start": process_id,
                "file": str(file),
                "parameters": dict(parameters),
                "lake": str(lake_of(data_folder)),
                "log": str(log_of(data_folder, process_id)),
            }
        )
        return process

    async def _reopen_if_lost(self) -> None:
        if not self.is_serving:
            if self._reader is not None:
                # The old reader must first report its processes as lost. asyncio.wait keeps the
                # reader alive if this waiter is cancelled.
                await asyncio.wait({self._reader})
            log.warning("Fork server started again.", extra={"action": "fork_server_restarted"})
            await self.open()

    def send(self, command: dict[str, Any]) -> None:
        """Send a command to the fork server; it is dropped if the server has ended."""
        if self._server is not None and self._server.stdin is not None:
            self._server.stdin.write(json.dumps(command).encode() + b"\n")

    async def _read_reports(self, server: asyncio.subprocess.Process) -> None:
        if server.stdout is None:
            return
        while (line := await server.stdout.readline()).endswith(b"\n"):
            self._take(json.loads(line))
        # The rest is the end of the stream, or a partial report of a killed server.
        await server.wait()
        lost, self._processes = list(self._processes.values()), {}
        for process in lost:
            process.report_lost()

    def _take(self, report: dict[str, Any]) -> None:
        if "started" in report:
            self._processes[report["started"]].report_start(report["pid"])
            return
        outcome = report["outcome"]
        ended = Ended(
            outcome=Outcome.from_json(outcome) if outcome else None,
            exit_code=report["exit"],
            cpu_seconds=report["cpu"],
        )
        self._processes.pop(report["ended"]).report_end(ended)


def lake_of(data: Path) -> Path:
    """Return the folder of the lakehouse storage."""
    return data / "lakehouse"


def log_of(data: Path, process_id: int) -> Path:
    """Return the file with the printed output of a notebook."""
    return data / "logs" / f"{process_id}.log"
