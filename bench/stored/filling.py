"""Fills a SQLite file with many ended runs, as a history for benchmarks.

The app's storage writes one run of each kind and month. All other runs are copies of its rows with
another id, time, Task and graph run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import batched, product

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import BackfillId, RunId, new_run_id
from polysync_core.domain.runs.run import (
    RunStatus,
    TaskRun,
    TriggerType,
    begin_attempt,
    finish,
    new_run,
    with_attempt,
)
from polysync_core.storage.runs.entries import position_of
from polysync_core.storage.runs.table import TableRuns
from polysync_core.storage.sqlite.database import Database
from polysync_core.storage.sqlite.tables import SqliteTables

TASKS = 50
GRAPH = 50
"""The number of descendants of each graph run; half of all runs are descendants."""
MONTHS = 12
_BATCH = 20_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGAN = datetime(2025, 11, 1, tzinfo=UTC)
_TASK = "task-xx"
_JOB = Job(
    name=f"{_TASK}-job",
    platform=f"{_TASK}-platform",
    job_type=JobType.DATABRICKS_NOTEBOOK,
    external_id="/bench/nap",
)
_KINDS = tuple(product((RunStatus.SUCCEEDED, RunStatus.FAILED), (False, True)))

type RawRow = tuple[str, str, str, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Some of the stored runs."""

    run_ids: tuple[RunId, ...]
    graph_runs: tuple[RunId, ...]


def task_name(number: int) -> str:
    """Return the name of the Task of a stored run."""
    return f"task-{number % TASKS:02}"


def fill(database: Database, count: int) -> Filled:
    """Store ended runs of the last twelve months; return some of their ids."""
    templates = _templates(database)
    known: list[RunId] = []
    graphs: list[RunId] = []
    for batch in batched(range(count), _BATCH, strict=False):
        rows: list[RawRow] = []
        for number in batch:
            if number % (2 * GRAPH) == 0:
                graphs.append(new_run_id())
            run_id = graphs[-1] if number % (2 * GRAPH) == 0 else new_run_id()
            template = templates[number * MONTHS // count][_kind(number)]
            rows += template.copy(number, run_id, graphs[-1])
            if number % max(count // 200, 1) == 0:
                known.append(run_id)
        with database.transaction() as connection:
            # Only this connection gets the memory, and only for the random ids.
            connection.execute("PRAGMA cache_size=-1000000")
            connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", sorted(rows))
    return Filled(run_ids=tuple(known), graph_runs=tuple(graphs))


def _kind(number: int) -> int:
    """Return the kind of a run: nine of ten have succeeded, and half are descendants."""
    return 2 * (number % 10 == 9) + (number % (2 * GRAPH) >= GRAPH)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    """The rows of one stored run, as one text with separators."""

    text: str
    run: TaskRun
    first: datetime

    def copy(self, number: int, run_id: RunId, graph: RunId) -> Iterator[RawRow]:
        """Return the rows of another run."""
        at = self.first + timedelta(seconds=number % 2_400_000, milliseconds=number % 1000)
        text = self.text
        for old, new in (
            (self.run.run_id, run_id),
            (self.run.graph_run_id, graph),
            (_TASK, task_name(number)),
            *_moved(self.run, at),
        ):
            text = text.replace(old, new)
        for row in text.split("\x1e"):
            table, partition, key, doc = row.split("\x1f")
            yield table, partition, key, number, doc


def _moved(run: TaskRun, at: datetime) -> Iterator[tuple[str, str]]:
    """Return the texts of all times of a run, with those of its copy.

    A new time is never before an old one. The latest comes first, so no text is replaced twice.
    """
    assert run.attempt is not None and run.attempt.finished_at and run.finished_at
    for old in (run.finished_at, run.attempt.finished_at, run.queued_at):
        yield from _times(old, at + (old - run.queued_at))


def _times(old: datetime, new: datetime) -> Iterator[tuple[str, str]]:
    """Return the texts of a time in keys and documents, with their replacements."""
    for text in (_sort_position, _micros, _iso):
        yield text(old), text(new)


def _sort_position(at: datetime) -> str:
    return position_of(at, "").removesuffix("~")


def _micros(at: datetime) -> str:
    return str((at - _EPOCH) // timedelta(microseconds=1))


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _templates(database: Database) -> list[list[_Template]]:
    """Store one run of each kind and month, and return them by month."""
    runs = TableRuns(SqliteTables(database))
    return [
        [_template(database, runs, _month(month), *kind) for kind in _KINDS]
        for month in range(MONTHS)
    ]


def _month(number: int) -> datetime:
    year, month = divmod(_BEGAN.month - 1 + number, 12)
    return _BEGAN.replace(year=_BEGAN.year + year, month=month + 1)


def _template(
    database: Database, runs: TableRuns, at: datetime, status: RunStatus, child: bool
) -> _Template:
    run = _ended(at, status, child=child)
    runs.index_active(run)
    runs.insert(run)
    runs.deactivate(run)
    # A template has its own id, so the rows of the file that name it are its rows.
    found = database.read(
        "SELECT tbl, pk, rk, doc FROM rows WHERE pk=? OR (tbl=? AND rk LIKE ?)",
        (run.run_id, f"RunIndex{at:%Y%m}", f"%~{run.run_id}"),
    )
    return _Template(text="\x1e".join(map("\x1f".join, found)), run=run, first=at)


def _ended(at: datetime, status: RunStatus, *, child: bool) -> TaskRun:
    run_id = new_run_id()
    run = TaskRun(
        run_id=run_id,
        task=_TASK,
        job=_JOB,
        shard="main",
        status=RunStatus.QUEUED,
        reason="",
        trigger_type=TriggerType.DEPENDENCY if child else TriggerType.MANUAL,
        graph_run_id=(graph := new_run_id() if child else run_id),
        backfill_id=BackfillId(graph) if child else None,
        tags={"team": "sales"} if child else {},
        priority=100,
        queued_at=at,
    )
    run = begin_attempt(new_run(run, actor="bench"), at=at, actor="bench")
    run = with_attempt(run, replace(run.attempts[0], external_run_id="1", submitted_at=at))
    end = at + timedelta(minutes=1)
    cause = FailureCause.ARTEFACT if status is RunStatus.FAILED else None
    outcome = Outcome(status=status, reason="", cause=cause, finished_at=end)
    return finish(run, outcome, at=end + timedelta(seconds=1), actor="bench")
