"""Stores the newest run of each Task as one row.

    h~<task>   the newest run of a task in this month and shard

A head is written in the transaction that lists its run, so a crash never loses it. It is written
by compare-and-set: a late writer never replaces a newer run. This process remembers the heads that
it wrote, so a run costs no extra read. A head without a status is open: the row of its run tells
the status, and whether the run exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from polysync_core.domain.conflicts import retry_on_conflict
from polysync_core.domain.errors import StaleETag, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.status import RunStatus
from polysync_core.domain.runs.stored import ActiveRun, RunHead
from polysync_core.domain.sized_cache import SizedCache
from polysync_core.storage.rows import Change, Operation, Row, RowExists, RowRange, RowValue
from polysync_core.storage.runs.entries import instant, micros, position_of
from polysync_core.storage.tables import Table

_HEAD = "h~"
_REMEMBERED = 20_000
_MAX_TRIES = 20
"""Each failed try means that another run of the Task was accepted or ended."""

type _Key = tuple[str, str, str]
"""The month's first day, the shard and the Task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHead:
    """The head of a Task in one month and shard."""

    task: str
    run_id: RunId
    position: str
    head: RunHead | None
    """None if the head is open."""
    etag: str


class RunHeads:
    """Writes the heads of Tasks; safe for threads and for several processes."""

    def __init__(self) -> None:
        self._known = SizedCache[_Key, StoredHead](_REMEMBERED)

    def transact(
        self, table: Table, run: TaskRun, operations: Sequence[Operation], *, ended: bool
    ) -> None:
        """Execute the operations with the write of the head, and repeat them after a conflict."""
        retry_on_conflict(
            lambda: self.transact_once(table, run, operations, ended=ended),
            exhausted=Unavailable(
                "Too many runs of the task are accepted at the same time: try again.", retry_after=1
            ),
            max_tries=_MAX_TRIES,
        )

    def transact_once(
        self, table: Table, run: TaskRun, operations: Sequence[Operation], *, ended: bool
    ) -> None:
        """Execute the operations, and write the head unless a newer run has it.

        Raises `StaleETag` if the head has changed, or a condition of the operations fails.
        """
        head = None if run.task is None else self._write_of(table, run, run.task, ended=ended)
        try:
            etags = table.transact([*operations, *([] if head is None else [head])])
        except (RowExists, StaleETag) as conflict:
            if run.task is not None:
                self._known.remove(_key(run, run.task))
            raise StaleETag from conflict
        if run.task is not None and head is not None:
            written = _stored(Row(head.row.partition, head.row.key, head.row.values, etags[-1]))
            self._known.put(_key(run, run.task), written, size=1)

    def forget(
        self,
        table: Table,
        gone: Sequence[ActiveRun],
        newest: Callable[[str], ActiveRun | None],
    ) -> None:
        """Remove the heads of runs that do not exist; all are of one shard and month.

        `newest` returns the newest other run of a Task, which gets the head. A concurrent writer of
        the head wins.
        """
        by_task: dict[str, list[ActiveRun]] = {}
        for entry in gone:
            if entry.task is not None:
                by_task.setdefault(entry.task, []).append(entry)
        for task, entries in by_task.items():
            stored = self._read(table, entries[0].shard, task)
            positions = {position_of(entry.queued_at, entry.run_id) for entry in entries}
            if stored is not None and stored.position in positions:
                self._known.remove(_key(entries[0], task))
                self._give(table, entries[0].shard, stored, newest(task))

    def get(self, table: Table, shard: str, task: str) -> StoredHead | None:
        """Return the head of a Task by one point read."""
        return self._read(table, shard, task)

    def between(self, table: Table, shard: str, first: str, last: str) -> Iterator[StoredHead]:
        """Yield the heads of the Tasks from one name to another, in one range."""
        # "!" sorts before every character of a name, so the range ends after `last`.
        rows = table.rows(RowRange(shard, _HEAD + first, f"{_HEAD}{last}!"))
        return map(_stored, rows)

    def _write_of(self, table: Table, run: TaskRun, task: str, *, ended: bool) -> Operation | None:
        known = self._known.get(_key(run, task)) or self._read(table, run.shard, task)
        own = position_of(run.queued_at, run.run_id)
        if known is not None and known.position < own:
            self._known.put(_key(run, task), known, size=1)
            return None
        values = {**_open_values(ActiveRun.of(run)), **(_ended_values(run) if ended else {})}
        row = Row(run.shard, _HEAD + task, values, "" if known is None else known.etag)
        return Operation(Change.INSERT if known is None else Change.REPLACE, row)

    def _give(self, table: Table, shard: str, stored: StoredHead, other: ActiveRun | None) -> None:
        key = _HEAD + stored.task
        try:
            if other is None:
                table.delete(shard, key, etag=stored.etag)
            else:
                table.replace(Row(shard, key, _open_values(other), stored.etag))
        except StaleETag:
            return

    def _read(self, table: Table, shard: str, task: str) -> StoredHead | None:
        row = table.get(shard, _HEAD + task)
        return None if row is None else _stored(row)


def _key(run: TaskRun | ActiveRun, task: str) -> _Key:
    return f"{run.queued_at:%Y%m}", run.shard, task


def _open_values(entry: ActiveRun) -> dict[str, RowValue]:
    return {
        "run": entry.run_id,
        "graph": entry.graph_run_id,
        "queued": micros(entry.queued_at),
    }


def _ended_values(run: TaskRun) -> dict[str, RowValue]:
    head = RunHead.of(run)
    values: dict[str, RowValue] = {"status": head.status.value}
    if head.started_at is not None:
        values["started"] = micros(head.started_at)
    if head.finished_at is not None:
        values["finished"] = micros(head.finished_at)
    if head.cause is not None:
        values["cause"] = head.cause.value
    return values


def _stored(row: Row) -> StoredHead:
    task, run_id = row.key.removeprefix(_HEAD), RunId(row.text("run"))
    queued_at = instant(row.values["queued"])
    return StoredHead(
        task=task,
        run_id=run_id,
        position=position_of(queued_at, run_id),
        head=_head(row, task) if "status" in row.values else None,
        etag=row.etag,
    )


def _head(row: Row, task: str) -> RunHead:
    values = row.values
    return RunHead(
        run_id=RunId(row.text("run")),
        graph_run_id=RunId(row.text("graph")),
        task=task,
        status=RunStatus(row.text("status")),
        queued_at=instant(values["queued"]),
        started_at=instant(values["started"]) if "started" in values else None,
        finished_at=instant(values["finished"]) if "finished" in values else None,
        cause=FailureCause(row.text("cause")) if "cause" in values else None,
    )
