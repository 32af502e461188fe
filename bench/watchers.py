"""Clients that watch runs by server-sent events: how soon they are told, and what it costs.

The published AppKit starts a run for every client, and can have no second client of a run. So both
are measured with a run a client, and Polysync besides with few runs that all clients share.
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

from bench.host import LocalHost
from bench.printing import row, spread, title
from tests.contract.appkit.servers import OriginalProcess, environment
from tests.fakes.simulators import SimulatorProcess

JOBS = 10
SHORTEST = 8
"""Seconds that the run of the first job takes; each further one takes a second more."""
INTERVAL = 1
"""Seconds between looks at the first."""
PATIENCE = 300
_CLIENTS = 100
_SHARED = 10


@dataclass(slots=True)
class Watch:
    """What one client was told."""

    key: str
    asked_at: float
    told_at: list[float] = field(default_factory=list[float])
    run_id: int = 0

    def note(self, event: Mapping[str, str]) -> None:
        """Keep when an event came, and of which run it tells."""
        data = json.loads(event["data"])
        if event["event"] == "error":
            raise RuntimeError(f"a stream failed: {data}")
        self.told_at.append(time.time())
        self.run_id = data["run"]["run_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured of a number of clients."""

    runs: int
    events: int
    requests: Mapping[str, int]
    """What Databricks was asked for, by endpoint."""
    first: Sequence[float]
    """Seconds from the client's request to its first event."""
    last: Sequence[float]
    """Seconds from the end of the run to the event that tells it."""
    memory: tuple[float, float]
    """Megabytes (PSS) before the first client, and with all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A server under measurement, and the Databricks simulator that it asks."""

    url: str
    """Where its jobs are: the address of `/api/jobs`."""
    simulator: str
    memory: Callable[[], float]
    """Returns the megabytes (PSS) of the server's process."""


class Workspace:
    """A Databricks simulator with jobs that nap, each for a time of its own."""

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
        """What names the workspace and its jobs in the environment of a server."""
        ids = {key: str(job_id) for key, job_id in self.ids.items()}
        return environment(self.process.url, ids)


@contextmanager
def workspace(folder: Path) -> Iterator[Workspace]:
    """Have a workspace."""
    found = Workspace(folder)
    try:
        yield found
    finally:
        found.process.stop()


@contextmanager
def appkit(workspace: Workspace, folder: Path) -> Iterator[Stand]:
    """Serve the published AppKit."""
    config = {"pollIntervalMs": INTERVAL * 1000, "jobs": {key: {} for key in workspace.ids}}
    # It does not start without this variable, although no job is named by it.
    server = OriginalProcess(folder, config, {**workspace.variables, "DATABRICKS_JOB_ID": "1"})
    try:
        pid, simulator = server.process.pid, workspace.process.url
        yield Stand(url=f"{server.url}/api/jobs", simulator=simulator, memory=partial(_pss, pid))
    finally:
        server.stop()


@contextmanager
def polysync(workspace: Workspace) -> Iterator[Stand]:
    """Serve the whole of Polysync on the local host."""
    setting = {"pollIntervalMs": INTERVAL * 1000}
    variables = {**workspace.variables, "POLYSYNC_APPKIT": json.dumps(setting)}
    with LocalHost(variables=variables, simulators=False) as host:
        yield Stand(
            url=f"{host.url}/jobs",
            simulator=workspace.process.url,
            memory=lambda: host.usage()["host"].pss_megabytes,
        )


def _pss(pid: int) -> float:
    return psutil.Process(pid).memory_full_info().pss / 2**20


def measure(stand: Stand, *, runs: int, joined: int = 0) -> Figures:
    """Start runs with a client each, and let others join them; wait for all to end."""
    return asyncio.run(_measure(stand, runs, joined))


async def _measure(stand: Stand, runs: int, joined: int) -> Figures:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=PATIENCE) as client:
        await client.delete(f"{stand.simulator}/simulator/requests")
        before = stand.memory()
        crowd = _Crowd(client, stand.url)
        for number in range(runs):
            crowd.start(f"nap{number % JOBS}")
        await crowd.until_told()
        for number in range(joined):
            crowd.join(crowd.watches[number % runs])
        await crowd.until_told()
        during = stand.memory()
        await asyncio.gather(*crowd.following)
        told = (await client.get(f"{stand.simulator}/simulator/requests")).json()
        ended = (await client.get(f"{stand.simulator}/simulator/runs")).json()["runs"]
    ends = {run["run_id"]: run["ended_at"] / 1000 for run in ended}
    return _figures(crowd.watches, told["counts"], ends, (before, during))


def _figures(
    watches: Sequence[Watch],
    requests: Mapping[str, int],
    ends: Mapping[int, float],
    memory: tuple[float, float],
) -> Figures:
    return Figures(
        runs=len({watch.run_id for watch in watches}),
        events=sum(len(watch.told_at) for watch in watches),
        requests=requests,
        first=[watch.told_at[0] - watch.asked_at for watch in watches],
        last=[watch.told_at[-1] - ends[watch.run_id] for watch in watches],
        memory=memory,
    )


def watching(_: argparse.Namespace) -> None:
    """Clients that follow runs by server-sent events, beside the published AppKit."""
    title(
        f"{_CLIENTS} clients follow runs of {SHORTEST} to "
        f"{SHORTEST + JOBS - 1} s by server-sent events"
    )
    folder = Path(tempfile.mkdtemp(prefix="polysync-bench-"))
    with workspace(folder) as place:
        with appkit(place, folder) as stand:
            _watched("AppKit, a run each", measure(stand, runs=_CLIENTS))
        with polysync(place) as stand:
            _watched("Polysync, a run each", measure(stand, runs=_CLIENTS))
            shared = measure(stand, runs=_SHARED, joined=_CLIENTS - _SHARED)
            _watched(f"Polysync, {_SHARED} runs for all", shared)


def _watched(name: str, found: Figures) -> None:
    calls = ", ".join(f"{call} {count}" for call, count in sorted(found.requests.items()))
    row(name, f"{found.runs} runs, {found.events} events; Databricks was asked: {calls}")
    row("  request → first event", spread(found.first))
    row("  run ended → last event", spread(found.last))
    row("  memory (PSS)", "before {:.0f} MB, with all of them {:.0f} MB".format(*found.memory))


@dataclass(slots=True)
class _Crowd:
    """The clients."""

    client: httpx.AsyncClient
    url: str
    watches: list[Watch] = field(default_factory=list[Watch])
    following: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def start(self, key: str) -> None:
        """Let a client start a run and follow it."""
        self._add("POST", key, "run")

    def join(self, other: Watch) -> None:
        """Let a client follow the run of another."""
        self._add("GET", other.key, f"runs/{other.run_id}")

    def _add(self, method: str, key: str, path: str) -> None:
        watch = Watch(key=key, asked_at=time.time())
        self.watches.append(watch)
        url = f"{self.url}/{key}/{path}?stream=true"
        self.following.append(asyncio.create_task(self._follow(method, url, watch)))

    async def _follow(self, method: str, url: str, watch: Watch) -> None:
        async with self.client.stream(method, url) as answer:
            answer.raise_for_status()
            event: dict[str, str] = {}
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if line:
                    event[name] = value
                elif "data" in event:
                    watch.note(event)
                    event = {}

    async def until_told(self) -> None:
        """Wait until each has been told something."""
        while not all(watch.told_at for watch in self.watches):
            for each in self.following:
                if each.done():
                    each.result()
            await asyncio.sleep(0.05)
