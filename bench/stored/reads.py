"""Measures start, restart, reads and purge of a host with a large run history."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx

from bench.host import EmbeddedHost
from bench.processes import simulator
from bench.report import row, spread, title
from bench.stored.active_runs import ACTIVE, Restart, kill_and_restart, start_active
from bench.stored.filling import Filled, fill, task_name
from polysync_core.storage.runs.purge import ExpiredRuns
from polysync_core.storage.runs.table import TableRuns
from polysync_core.storage.sqlite.database import Database
from polysync_core.storage.sqlite.tables import SqliteTables

_READS = 200
_PURGE_SECONDS = 10.0
_FEW = 2_000
_WHOLE_MINUTE = 61.0
"""Seconds that contain one tick at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """The figures of repeated requests of one kind."""

    seconds: Sequence[float]
    cpu: float
    """CPU seconds of the host for one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The figures of a host with a number of stored runs."""

    bytes_per_run: float
    start: float
    """Seconds until the host is ready."""
    start_cpu: float
    """CPU seconds until then, which do not depend on the load of the machine."""
    reads: Mapping[str, Reads]
    """The requests by kind."""
    minute: float
    """CPU seconds of a minute with one tick and the polls of the active runs."""
    restart: Restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """The figures of a purge, and of a VACUUM after it."""

    per_second: float
    """Deleted runs."""
    before: int
    """Bytes of the file before the purge."""
    after: int
    free: int
    """Bytes of the file that later writes use again."""
    vacuumed: int
    vacuum_seconds: float


def restart(_: argparse.Namespace) -> None:
    """Measure the restart after a kill with few stored runs."""
    with tempfile.TemporaryDirectory(prefix="polysync-bench-") as name:
        _print(_FEW, measure(Path(name), _FEW))


def stored(options: argparse.Namespace) -> None:
    """Measure a host with many stored runs."""
    with tempfile.TemporaryDirectory(prefix="polysync-bench-") as name:
        _print(options.stored, measure(Path(name), options.stored))
        purged = measure_purge(EmbeddedHost(Path(name)).database)
    row("purge", f"{purged.per_second:.0f} runs/s")
    row("file", f"{_megabytes(purged.before)} before, {_megabytes(purged.after)} after the purge")
    row("free space in it", f"{_megabytes(purged.free)}, used by later writes")
    row("VACUUM", f"{purged.vacuum_seconds:.1f} s, then {_megabytes(purged.vacuumed)}")


def measure(folder: Path, count: int) -> Stored:
    """Fill a file, start a host with it, and kill and restart the host."""
    host = EmbeddedHost(folder)
    database = Database(host.database)
    filled = fill(database, count)
    database.close()
    size = host.database.stat().st_size
    with simulator(folder) as platform:
        start = host.start()
        start_cpu = host.program.cpu_seconds()
        host.apply(platform.address())
        start_active(host)
        reads = _measure_reads(host, filled)
        minute = _measure_minute(host)
        again = kill_and_restart(host)
        host.program.stop()
    return Stored(
        bytes_per_run=size / count,
        start=start,
        start_cpu=start_cpu,
        reads=reads,
        minute=minute,
        restart=again,
    )


def measure_purge(path: Path) -> Purge:
    """Delete expired runs for some seconds, then compact the file."""
    database = Database(path)
    tables = SqliteTables(database)
    before = path.stat().st_size
    began = time.monotonic()
    deleted = ExpiredRuns(tables, TableRuns(tables)).purge(
        datetime.now(UTC), lambda: time.monotonic() < began + _PURGE_SECONDS
    )
    spent = time.monotonic() - began
    database.read("PRAGMA wal_checkpoint(TRUNCATE)")
    ((pages,),) = database.read("PRAGMA freelist_count")
    ((page,),) = database.read("PRAGMA page_size")
    after, began = path.stat().st_size, time.monotonic()
    database.read("VACUUM")
    seconds = time.monotonic() - began
    database.close()
    return Purge(
        per_second=deleted / spent,
        before=before,
        after=after,
        free=pages * page,
        vacuumed=path.stat().st_size,
        vacuum_seconds=seconds,
    )


def _measure_reads(host: EmbeddedHost, filled: Filled) -> dict[str, Reads]:
    """Measure requests of one client; every page has 20 runs."""
    ids, graphs, tasks = cycle(filled.run_ids), cycle(filled.graph_runs), cycle(range(50))
    with httpx.Client(base_url=host.url, timeout=60) as client:
        kinds: dict[str, Callable[[], float]] = {
            "a run": lambda: _seconds(client, f"/task-runs/{next(ids)}"),
            "all": lambda: _seconds(client, "/task-runs"),
            "failed": lambda: _seconds(client, "/task-runs", status="Failed"),
            "of a task": lambda: _seconds(client, "/task-runs", task=task_name(next(tasks))),
            "of a graph run": lambda: _seconds(client, "/task-runs", graphRunId=next(graphs)),
            "of a platform": lambda: _seconds(
                client, "/task-runs", platform=f"{task_name(next(tasks))}-platform"
            ),
            "of a job": lambda: _seconds(client, "/task-runs", job=f"{task_name(next(tasks))}-job"),
            "with a trigger": lambda: _seconds(client, "/task-runs", trigger="Dependency"),
            "with a tag": lambda: _seconds(client, "/task-runs", tag="team=sales"),
            "with a cause": lambda: _seconds(client, "/task-runs", cause="Artefact"),
            "of a backfill": lambda: _seconds(client, "/task-runs", backfillId=next(graphs)),
            "failed of a platform": lambda: _seconds(
                client,
                "/task-runs",
                status="Failed",
                platform=f"{task_name(9)}-platform",
            ),
            "that no run matches": lambda: _seconds(
                client, "/task-runs", expected=0, platform="absent"
            ),
            "active": lambda: _seconds(client, "/task-runs", status="Running"),
        }
        return {kind: _repeated(host, read) for kind, read in kinds.items()}


def _repeated(host: EmbeddedHost, read: Callable[[], float]) -> Reads:
    before = host.program.cpu_seconds()
    seconds = [read() for _ in range(_READS)]
    return Reads(seconds=seconds, cpu=(host.program.cpu_seconds() - before) / _READS)


def _seconds(client: httpx.Client, path: str, *, expected: int = 20, **query: Any) -> float:
    began = time.perf_counter()
    found = client.get(path, params=query).raise_for_status().json()
    spent = time.perf_counter() - began
    if path == "/task-runs" and len(found["items"]) != expected:
        raise RuntimeError(f"The list {query} has {len(found['items'])} runs.")
    return spent


def _measure_minute(host: EmbeddedHost) -> float:
    before = host.program.cpu_seconds()
    time.sleep(_WHOLE_MINUTE)
    return host.program.cpu_seconds() - before


def _print(count: int, found: Stored) -> None:
    title(f"A host with {count:,} stored and {ACTIVE} active runs")
    row("file", f"{found.bytes_per_run:.0f} bytes per run")
    row("start", f"{found.start:.1f} s, {found.start_cpu:.1f} s of CPU")
    for kind, reads in found.reads.items():
        row(f"read: {kind}", f"{spread(reads.seconds)}, {reads.cpu * 1000:.1f} ms of CPU")
    row("a minute with one tick", f"{found.minute:.1f} s of CPU")
    again = found.restart
    row("kill → API answers", f"{again.answers:.1f} s")
    row("kill → new run submitted", f"{again.submits:.1f} s")
    row("kill → active runs resumed", f"{again.resumed:.1f} s, {again.cpu:.1f} s of CPU")


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"
