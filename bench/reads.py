"""Measures point reads and lists with few and with many stored runs."""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bench.emulator import emulator
from bench.report import row, title
from bench.ticks import CountingStorage
from polysync_core.application.runs.polling import DurationHistory
from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.runs.identity import RunId, new_run_id
from polysync_core.domain.runs.poll_learning import MAX_PAST_RUNS
from polysync_core.domain.runs.run import (
    Outcome,
    RunStatus,
    TaskRun,
    TriggerType,
    begin_attempt,
    finish,
    new_run,
    with_attempt,
)
from polysync_core.domain.runs.stored import Listing
from polysync_core.storage.azure.connection import StorageConnection
from polysync_core.storage.azure.tables import AzureTables
from polysync_core.storage.rows import Operation
from polysync_core.storage.run_index import list_entries, month_table, outcome_entry
from polysync_core.storage.runs import TableRuns

_TASKS = 50
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_JOB = Job(name="nap", platform="p", job_type=JobType.DATABRICKS_NOTEBOOK, external_id="/bench/nap")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLatency:
    """The median milliseconds of each kind of read."""

    point: float
    newest_of_all: float
    newest_of_task: float


def read_latency(options: argparse.Namespace) -> None:
    """Measure reads with few and with many runs; a page is full in both cases."""
    title("Reads, median milliseconds")
    with emulator() as connection:
        for stored in (1_000, options.stored):
            found = measure(connection, stored)
            row(
                f"{stored} runs stored",
                f"point read {found.point:.1f}, newest 20 of all {found.newest_of_all:.1f}, "
                f"newest 20 of a task {found.newest_of_task:.1f}",
            )


def measure(connection: StorageConnection, stored: int) -> ReadLatency:
    """Store a number of ended runs in new tables and read them."""
    storage = AzureTables(connection, prefix=f"Bench{stored}")
    runs = TableRuns(storage)
    fill(storage, runs, stored)
    known = runs.page(Listing(limit=20)).items
    ids = itertools.cycle(run.run_id for run in known)
    tasks = itertools.cycle(run.task for run in known)
    read_latency = ReadLatency(
        point=_median(lambda: runs.get(RunId(next(ids))), 300),
        newest_of_all=_median(lambda: runs.page(Listing(limit=20)), 40),
        newest_of_task=_median(lambda: runs.page(Listing(task=next(tasks), limit=20)), 40),
    )
    storage.close()
    return read_latency


def learning(connection: StorageConnection, stored: int) -> tuple[int, int]:
    """Return the storage operations that a learned poll plan costs.

    The first number is for the first run of a Task. The second is for each run in the next ten
    minutes.
    """
    storage = CountingStorage(connection, prefix=f"Learn{stored}")
    runs = TableRuns(storage)
    fill(storage, runs, stored)
    run = runs.page(Listing(limit=1)).items[0]
    durations = DurationHistory(runs)
    counts: list[int] = []
    for _ in range(2):
        storage.counts.clear()
        if len(durations.of(run, read=True) or ()) != MAX_PAST_RUNS:
            raise RuntimeError("The past runs were not found.")
        counts.append(storage.counts["operations"])
    storage.close()
    first, later = counts
    return first, later


def fill(storage: AzureTables, runs: TableRuns, stored: int) -> None:
    """Store ended runs of 50 Tasks in turn, ten minutes apart."""
    with ThreadPoolExecutor(8) as pool:
        for batch in itertools.batched(range(stored), 30, strict=False):
            _list(storage, runs, list(pool.map(lambda number: _store(runs, number), batch)))


def _store(runs: TableRuns, number: int) -> TaskRun:
    run_id = new_run_id()
    at = _BEGAN + timedelta(minutes=10 * number)
    run = TaskRun(
        run_id=run_id,
        task=f"task-{number % _TASKS}",
        job=_JOB,
        shard="main",
        status=RunStatus.QUEUED,
        reason="",
        trigger_type=TriggerType.MANUAL,
        graph_run_id=run_id,
        priority=100,
        queued_at=at,
    )
    run = begin_attempt(new_run(run, actor="bench"), at=at, actor="bench")
    run = with_attempt(run, replace(run.attempts[0], external_run_id="1", submitted_at=at))
    end = at + timedelta(minutes=1)
    outcome = Outcome(status=RunStatus.SUCCEEDED, reason="", finished_at=end)
    run = finish(run, outcome, at=end + timedelta(seconds=1), actor="bench")
    runs.insert(run)
    return run


def _list(storage: AzureTables, runs: TableRuns, ended: list[TaskRun]) -> None:
    """Write the list entries of ended runs as the app does, in few transactions."""
    for _, month in itertools.groupby(ended, key=lambda run: run.queued_at.month):
        first, *others = month
        runs.index_active(first)  # registers the month
        runs.deactivate(first)
        entries: list[Operation] = []
        for run in others:
            entries += [*list_entries(run), outcome_entry(run)]
        month_table(storage, first.queued_at).transact(entries)


def _median(read: Callable[[], object], times: int) -> float:
    taken: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        read()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)
