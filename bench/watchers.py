"""Measures clients that follow runs by server-sent events, on Polysync and on AppKit.

The published AppKit starts a run for every client, and a run cannot have a second client. So both
servers are measured with one run per client. Polysync is also measured with a few shared runs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import psutil

from bench.host import EmbeddedHost
from bench.report import row, spread, title
from tests.contract.appkit.servers import OriginalProcess, environment
from tests.fakes.simulators import SimulatorProcess

JOBS = 10
SHORTEST = 8
"""The duration in seconds of the first job; each further job takes one second more."""
INTERVAL = 1
"""The first poll interval in seconds."""
TIMEOUT_SECONDS = 300
_CLIENTS = 100
_SHARED = 10


@dataclass(slots=True)
class Watcher:
    """The events that one client received."""

    key: str
    requested_at: float
    events_at: list[float] = field(default_factory=list[float])
    run_id: int = 0

    def note(self, event: Mapping[str, str]) -> None:
        """Record the time and the run id of an event."""
        data = json.loads(event["data"])
        if event["event"] == "error":
            raise RuntimeError(f"A stream failed: {data}")
        self.events_at.append(time.time())
        self.run_id = data["run"]["run_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The measurements of a group of clients."""

    runs: int
    events: int
    requests: Mapping[str, int]
    """The requests to Databricks, by endpoint."""
    first: Sequence[float]
    """Seconds from the client's request to its first event."""
    last: Sequence[float]
    """Seconds from the end of the run to the event that reports it."""
    memory: tuple[float, float]
    """Megabytes (PSS) before the first client, and with all clients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredServer:
    """The measured server and its Databricks simulator."""

    url: str
    """The URL of `/api/jobs`."""
    simulator: str
    memory: Callable[[], float]
    """Returns the megabytes (PSS) of the server's process."""


class Workspace:
    """A Databricks simulator with jobs of different durations."""

    def __init__(self, folder: Path) -> None:
        self.process = SimulatorProcess("simulators.databricks", folder / "workspace")
        self.ids = {f"nap{number}": self._define(SHORTEST + number) for number in range(JOBS)}

    def _define(self, seconds: int) -> int:
        notebook = {"notebook_path": "/bench/nap", "base_parameters": {"seconds": str(seconds)}}
        body = {"name": "nap", "tasks": [{"task_key": "nap", "notebook_task": notebook}]}
        path = "api/2.2/jobs/create"
        return self.process.call("POST", path, body, Authorization="Bearer bench")["job_id"]

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment variables that name the workspace and its jobs."""
        ids = {key: str(job_id) for key, job_id in self.ids.items()}
        return environment(self.process.url, ids)


@contextmanager
def workspace(folder: Path) -> Iterator[Workspace]:
    """Run a workspace."""
    found = Workspace(folder)
    try:
        yield found
    finally:
        found.process.stop()


@contextmanager
def appkit(workspace: Workspace, folder: Path) -> Iterator[MeasuredServer]:
    """Run the published AppKit."""
    config = {"pollIntervalMs": INTERVAL * 1000, "jobs": {key: {} for key in workspace.ids}}
    # AppKit does not start without this variable, although it names no job.
    server = OriginalProcess(folder, config, {**workspace.variables, "DATABRICKS_JOB_ID": "1"})
    try:
        pid, simulator = server.process.pid, workspace.process.url
        yield MeasuredServer(
            url=f"{server.url}/api/jobs", simulator=simulator, memory=partial(_pss, pid)
        )
    finally:
        server.stop()


@contextmanager
def polysync(workspace: Workspace, folder: Path) -> Iterator[MeasuredServer]:
    """Run Polysync on the host of one machine."""
    setting = {"pollIntervalMs": INTERVAL * 1000}
    variables = {**workspace.variables, "POLYSYNC_APPKIT": json.dumps(setting)}
    with EmbeddedHost(folder, variables) as host:
        yield MeasuredServer(
            url=f"{host.url}/jobs",
            simulator=workspace.process.url,
            memory=host.program.memory_megabytes,
        )


def _pss(pid: int) -> float:
    return psutil.Process(pid).memory_full_info().pss / 2**20


def measure(measured: MeasuredServer, *, runs: int, joined: int = 0) -> Figures:
    """Start runs with one client each, add clients that join them, and wait for all."""
    return asyncio.run(_measure(measured, runs, joined))


async def _measure(measured: MeasuredServer, runs: int, joined: int) -> Figures:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=TIMEOUT_SECONDS) as client:
        await client.delete(f"{measured.simulator}/simulator/requests")
        before = measured.memory()
        group = _Watchers(client, measured.url)
        for number in range(runs):
            group.start(f"nap{number % JOBS}")
        await group.until_first_event()
        for number in range(joined):
            group.join(group.watchers[number % runs])
        await group.until_first_event()
        during = measured.memory()
        await asyncio.gather(*group.following)
        recorded = (await client.get(f"{measured.simulator}/simulator/requests")).json()
        ended = (await client.get(f"{measured.simulator}/simulator/runs")).json()["runs"]
    ends = {run["run_id"]: run["ended_at"] / 1000 for run in ended}
    return _figures(group.watchers, recorded["counts"], ends, (before, during))


def _figures(
    watchers: Sequence[Watcher],
    requests: Mapping[str, int],
    ends: Mapping[int, float],
    memory: tuple[float, float],
) -> Figures:
    return Figures(
        runs=len({watcher.run_id for watcher in watchers}),
        events=sum(len(watcher.events_at) for watcher in watchers),
        requests=requests,
        first=[watcher.events_at[0] - watcher.requested_at for watcher in watchers],
        last=[watcher.events_at[-1] - ends[watcher.run_id] for watcher in watchers],
        memory=memory,
    )


def follow_jobs(_: argparse.Namespace) -> None:
    """Measure clients that follow runs, in the published AppKit and in Polysync."""
    title(
        f"{_CLIENTS} clients follow runs of {SHORTEST} to "
        f"{SHORTEST + JOBS - 1} s by server-sent events"
    )
    folder = Path(tempfile.mkdtemp(prefix="polysync-bench-"))
    with workspace(folder) as databricks:
        with appkit(databricks, folder) as measured:
            _print("AppKit, one run per client", measure(measured, runs=_CLIENTS))
        with polysync(databricks, folder) as measured:
            _print("Polysync, one run per client", measure(measured, runs=_CLIENTS))
            shared = measure(measured, runs=_SHARED, joined=_CLIENTS - _SHARED)
            _print(f"Polysync, {_SHARED} runs for all clients", shared)


def _print(name: str, found: Figures) -> None:
    calls = ", ".join(f"{call} {count}" for call, count in sorted(found.requests.items()))
    row(name, f"{found.runs} runs, {found.events} events; calls to Databricks: {calls}")
    row("  request → first event", spread(found.first))
    row("  run ended → last event", spread(found.last))
    row("  memory (PSS)", "before {:.0f} MB, with all clients {:.0f} MB".format(*found.memory))


@dataclass(slots=True)
class _Watchers:
    """A group of clients."""

    client: httpx.AsyncClient
    url: str
    watchers: list[Watcher] = field(default_factory=list[Watcher])
    following: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def start(self, key: str) -> None:
        """Add a client that starts a run and follows it."""
        self._add("POST", key, "run")

    def join(self, other: Watcher) -> None:
        """Add a client that follows the run of another client."""
        self._add("GET", other.key, f"runs/{other.run_id}")

    def _add(self, method: str, key: str, path: str) -> None:
        watcher = Watcher(key=key, requested_at=time.time())
        self.watchers.append(watcher)
        url = f"{self.url}/{key}/{path}?stream=true"
        self.following.append(asyncio.create_task(self._follow(method, url, watcher)))

    async def _follow(self, method: str, url: str, watcher: Watcher) -> None:
        async with self.client.stream(method, url) as answer:
            answer.raise_for_status()
            event: dict[str, str] = {}
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if line:
                    event[name] = value
                elif "data" in event:
                    watcher.note(event)
                    event = {}

    async def until_first_event(self) -> None:
        """Wait until each client has received an event."""
        while not all(watcher.events_at for watcher in self.watchers):
            for each in self.following:
                if each.done():
                    each.result()
            await asyncio.sleep(0.05)
