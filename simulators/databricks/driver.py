"""The server's end of the fork server: start a notebook process, stop it, await its end."""

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

from simulators.databricks.notebook import Outcome

log = logging.getLogger(__name__)

_REPOSITORY = Path(__file__).parents[2]
#: A report holds an exit value of up to 5 MB, which JSON escapes can make several times as long.
_LONGEST_REPORT = 64 * 1024 * 1024
_FORK_SERVER = (sys.executable, "-m", "simulators.databricks.forkserver")
#: What a process gets to end by itself after SIGTERM.
GRACE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a notebook process ended."""

    outcome: Outcome | None
    """None if the process died before the notebook was done."""
    exit_code: int
    """As `subprocess` has it: the negative number of a signal."""
    cpu_seconds: float

    @property
    def death(self) -> str:
        """Words for a process that died."""
        if self.exit_code >= 0:
            return f"The Python process exited with exit code {self.exit_code}."
        name = signal.Signals(-self.exit_code).name
        return f"The Python process exited with exit code {128 - self.exit_code} ({name})."


class DriverLost(Exception):
    """The fork server has gone, and with it the notebook process."""


class NotebookProcess:
    """One notebook process, from the order to start it until its end."""

    def __init__(self, driver: Driver, process_id: int) -> None:
        loop = asyncio.get_running_loop()
        # Only the driver settles these. A waiter never awaits them bare: its cancellation would
        # cancel the future, and the report that comes later would find it done.
        self._started: asyncio.Future[int] = loop.create_future()
        self._ended: asyncio.Future[Ended] = loop.create_future()
        self._driver = driver
        self._id = process_id

    async def started(self) -> int:
        """Wait for the start; return the operating system's id of the process."""
        await asyncio.wait({self._started})
        return self._started.result()

    async def ended(self) -> Ended:
        """Wait for the end, however it comes; a process that is lost raises DriverLost."""
        await asyncio.wait({self._ended})
        return self._ended.result()

    async def stop(self) -> None:
        """End the process and whatever it started; return when it is gone."""
        self._driver.send({"stop": self._id, "force": False})
        done, _ = await asyncio.wait({self._ended}, timeout=GRACE_SECONDS)
        if not done:
            self._driver.send({"stop": self._id, "force": True})
            await asyncio.wait({self._ended})

    def report_start(self, pid: int) -> None:
        """Let everyone who waits know that the process runs."""
        self._started.set_result(pid)

    def report_end(self, ended: Ended) -> None:
        """Let everyone who waits know how the process ended."""
        self._ended.set_result(ended)

    def lose(self) -> None:
        """Let everyone who waits know that the process is lost."""
        for future in (self._started, self._ended):
            if not future.done():
                future.set_exception(DriverLost())
                future.exception()  # nobody need wait for both


class Driver:
    """Runs notebooks in processes of their own."""

    def __init__(self, *, server: Sequence[str] = _FORK_SERVER) -> None:
        self._command = server
        self._server: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._processes: dict[int, NotebookProcess] = {}
        self._opening = asyncio.Lock()

    @property
    def is_serving(self) -> bool:
        """Whether the fork server is there, as far as is known."""
        return self._server is not None and self._server.returncode is None

    async def open(self) -> None:
        """Start the fork server."""
        self._server = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=_REPOSITORY,
            limit=_LONGEST_REPORT,
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
        self, process_id: int, *, file: Path, parameters: Mapping[str, str], surroundings: Path
    ) -> NotebookProcess:
        """Start a notebook; `surroundings` is the data folder with the lake and the logs."""
        async with self._opening:
            await self._reopen_if_lost()
        process = NotebookProcess(self, process_id)
        self._processes[process_id] = process
        self.send(
            {
                "start": process_id,
                "file": str(file),
                "parameters": dict(parameters),
                "lake": str(lake_of(surroundings)),
                "log": str(log_of(surroundings, process_id)),
            }
        )
        return process

    async def _reopen_if_lost(self) -> None:
        if not self.is_serving:
            if self._reader is not None:
                # It reports the processes of the old server as lost, and must not see new ones.
                # A waiter that is cancelled must not take the reader with it.
                await asyncio.wait({self._reader})
            log.warning("Fork server started again.", extra={"action": "fork_server_restarted"})
            await self.open()

    def send(self, order: dict[str, Any]) -> None:
        """Give the fork server an order; lost if it is gone, as are its processes."""
        if self._server is not None and self._server.stdin is not None:
            self._server.stdin.write(json.dumps(order).encode() + b"\n")

    async def _read_reports(self, server: asyncio.subprocess.Process) -> None:
        if server.stdout is None:
            return
        while (line := await server.stdout.readline()).endswith(b"\n"):
            self._take(json.loads(line))
        # What was left is the end, or half a report of a server that was killed writing it.
        await server.wait()
        lost, self._processes = list(self._processes.values()), {}
        for process in lost:
            process.lose()

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
    """Return the folder that plays the lakehouse storage."""
    return data / "lakehouse"


def log_of(data: Path, process_id: int) -> Path:
    """Return the file that holds what a notebook printed."""
    return data / "logs" / f"{process_id}.log"
