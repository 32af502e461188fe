"""Measures the scheduler's minute step with many schedules, few of them due."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from bench.report import row, title
from bench.stored.counting import CountingTables, empty_database
from polysync_core.adapters import table_ports
from polysync_core.application.ports import Engine
from polysync_core.application.schedules.tick import ScheduleTick
from polysync_core.composition import build
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.state import DispatcherState, WaitingRun
from polysync_core.domain.schedules.state import TaskSchedule, initial_state
from polysync_core.settings import Settings
from polysync_core.storage.definitions import TableDefinitions
from polysync_core.storage.schedules import TableSchedules
from polysync_core.storage.sqlite.tables import SqliteTables

_NOW = datetime(2026, 3, 2, 5, 59, 59, tzinfo=UTC)
_DUE = 10
_JOB = Job(name="nap", platform="p", job_type=JobType.DATABRICKS_NOTEBOOK, external_id="/bench/nap")
_PLATFORM = Platform(
    name="p",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost of a tick with due schedules, and of a tick without."""

    operations: int
    rows: int
    """Rows that lists returned; point reads are operations."""
    cpu_milliseconds: float
    seconds: float
    idle_operations: int
    idle_rows: int


class _NullEngine:
    """An engine that ignores every signal."""

    def enqueue(self, shard: str, waiting: WaitingRun, policies: PolicySet) -> None:
        """Ignore the signal."""

    def dispatcher(self, shard: str) -> DispatcherState:
        """Return an empty Dispatcher."""
        return DispatcherState()


def schedule_ticks(_: argparse.Namespace) -> None:
    """Measure the schedule tick with few and with many schedules."""
    title("One tick with 10 due schedules")
    for schedules in (10, 1_000, 20_000):
        cost = measure(schedules)
        row(
            f"{schedules} schedules",
            f"{cost.operations} table operations, {cost.rows} rows listed, "
            f"{cost.cpu_milliseconds:.0f} ms CPU, {cost.seconds * 1000:.0f} ms; "
            f"with none due {cost.idle_operations} operations, {cost.idle_rows} rows",
        )


def measure(schedules: int) -> Cost:
    """Store schedules, of which ten are due every minute, and run the tick."""
    clock = [_NOW]
    costs: list[tuple[int, int, float, float]] = []
    with empty_database() as database:
        storage = CountingTables(SqliteTables(database))
        ticker = _ticker(storage, lambda: clock[0])
        _fill(storage, schedules)
        for passed in (1, 60, 1):
            # The first tick fills the caches; in the third, no schedule is due.
            clock[0] += timedelta(seconds=passed)
            costs.append(_tick(ticker, storage.counts))
    _, (operations, rows, cpu_milliseconds, seconds), idle = costs
    return Cost(
        operations=operations,
        rows=rows,
        cpu_milliseconds=cpu_milliseconds,
        seconds=seconds,
        idle_operations=idle[0],
        idle_rows=idle[1],
    )


def _tick(ticker: ScheduleTick, counts: Counter[str]) -> tuple[int, int, float, float]:
    counts.clear()
    cpu, began = time.process_time(), time.perf_counter()
    ticker.tick(cast("Engine", _NullEngine()))
    spent = (time.process_time() - cpu) * 1000
    return counts["operations"], counts["rows"], spent, time.perf_counter() - began


def _fill(storage: CountingTables, schedules: int) -> None:
    """Store the schedules, and the Tasks of those that are due."""
    definitions, states = TableDefinitions(storage), TableSchedules(storage)
    for definition in (_PLATFORM, _JOB, *(_task(number) for number in range(_DUE))):
        definitions.put(definition, replacing=None)

    def store(number: int) -> None:
        task = _task(number)
        of = TaskSchedule(task=task, schedule=task.schedules[0])
        states.put(initial_state(of, None, now=_NOW), replacing=None)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store, range(schedules)))


def _task(number: int) -> Task:
    cron = "* * * * *" if number < _DUE else f"{number % 60} 12 * * *"
    schedule = Schedule(name="s", cron=cron, time_zone="Europe/Berlin")
    return Task(name=f"task-{number}", job=_JOB.name, schedules=(schedule,))


def _ticker(storage: CountingTables, clock: Clock) -> ScheduleTick:
    """Return the tick of a whole app without queues, vaults and platforms."""
    ports = table_ports(
        storage, queue=_nothing, open_vault=_unused, open_connector=_nothing, post=_unused
    )
    settings = Settings.read({"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"})
    return build(replace(ports, clock=clock), settings).schedule_tick


def _nothing(*_: Any, **__: Any) -> Any:
    """Return no queue and no connection: a tick only stores runs."""


def _unused(*_: Any, **__: Any) -> Any:
    """Fail: a tick that only accepts runs does not call this."""
    raise AssertionError
