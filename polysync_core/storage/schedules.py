"""Stores schedule states in a table, with an index of due times and Task edits.

    c~<task>~<token>                the record of an edit of the Task
    d~<due>~<task>~<schedule>       the index entry of a schedule that will fire; `due` is in epoch
                                    milliseconds
    i~<task>~<schedule>             the index entry of an idle schedule, which will not fire
    s~<task>~<schedule>             a state; its ETag guards every change

All Tasks share a few partitions, so that no partition is hot. A tick reads one short range of each:
from the first row to the last index entry that is due. All rows of a Task are in one partition, so
one transaction changes a state together with its index entry.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice

from polysync_core.domain.clock import Clock, utc_now
from polysync_core.domain.dispatch.state import millis, moment
from polysync_core.domain.errors import Broken, StaleETag
from polysync_core.domain.schedules.codec import decode_schedule, encode_schedule
from polysync_core.domain.schedules.state import ScheduleState
from polysync_core.domain.schedules.stored_schedules import Due, Edit, IdleSchedule, StoredSchedule
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import (
    Change,
    Operation,
    Row,
    RowExists,
    RowRange,
    end_of_prefix,
    hashed_key,
    new_fingerprint,
)
from polysync_core.storage.tables import Tables

_PARTITIONS = 4
"""Never change this number: the partition of every stored row depends on it."""
_FEW = 4
_EDIT = "c~"
_DUE = "d~"
_IDLE = "i~"
_STATE = "s~"
_DOCUMENT = "document"
_AT = "at"


class TableSchedules:
    """Implements `ScheduleStore` on the table `Schedules`."""

    def __init__(self, storage: Tables, *, clock: Clock = utc_now) -> None:
        self._table = storage.table("Schedules")
        self._clock = clock

    def get(self, task: str, schedule: str) -> StoredSchedule | None:
        """Return a state by one point read."""
        row = self._table.get(_partition(task), f"{_STATE}{task}~{schedule}")
        return None if row is None else _stored(row)

    def of_task(self, task: str) -> list[StoredSchedule]:
        """Return the states of a Task."""
        states = RowRange.prefixed(_partition(task), f"{_STATE}{task}~")
        return [_stored(row) for row in self._table.rows(states)]

    def of_tasks(self, tasks: Collection[str]) -> list[StoredSchedule]:
        """Return the states of Tasks: a range for each of a few Tasks, else one per partition."""
        if len(tasks) <= _FEW:
            return [stored for task in tasks for stored in self.of_task(task)]
        # "~" sorts after every character of a name, so a name may sort after a longer one.
        first = min(f"{_STATE}{task}~" for task in tasks)
        last = max(f"{_STATE}{task}~~" for task in tasks)
        wanted = set(tasks)
        rows = (
            row
            for partition in _partitions()
            for row in self._table.rows(RowRange(partition, first, last))
        )
        return [_stored(row) for row in rows if row.key.split("~")[1] in wanted]

    def next_due(self, *, after: datetime | None = None) -> Due | None:
        """Return the earliest entry of the index, by one short range in each partition."""
        first = _DUE if after is None else f"{_DUE}{millis(after) + 1:013}"
        found = [
            _due(row)
            for partition in _partitions()
            for row in self._table.page(
                RowRange(partition, first, end_of_prefix(_DUE)), limit=1
            ).rows
        ]
        return min(found, key=lambda due: due.at, default=None)

    def put(self, state: ScheduleState, *, replacing: StoredSchedule | None) -> StoredSchedule:
        """Write a state with its index entry; raise `StaleETag` if the row has changed."""
        former = None if replacing is None else _index_key(replacing.state)
        values = split_text(_DOCUMENT, encode_schedule(state))
        key = f"{_STATE}{state.task}~{state.schedule}"
        change = Change.INSERT if replacing is None else Change.REPLACE
        row = Row(_partition(state.task), key, values, "" if replacing is None else replacing.etag)
        operations = [Operation(change, row)]
        entry = _index_key(state)
        if former is not None and former != entry:
            operations.append(Operation(Change.DELETE, Row(row.partition, former, {})))
        if former != entry:
            operations.append(Operation(Change.REPLACE, Row(row.partition, entry, {})))
        try:
            etag, *_ = self._table.transact(operations)
        except RowExists as taken:
            raise StaleETag from taken
        return StoredSchedule(state=state, etag=etag)

    def remove(self, stored: StoredSchedule) -> None:
        """Delete an unchanged state with its index entry; otherwise raise `StaleETag`."""
        state, entry = stored.state, _index_key(stored.state)
        partition = _partition(state.task)
        rows = [Row(partition, f"{_STATE}{state.task}~{state.schedule}", {}, stored.etag)]
        rows.append(Row(partition, entry, {}))
        self._table.transact([Operation(Change.DELETE, row) for row in rows])

    def due(self, now: datetime, *, limit: int) -> list[Due | Edit]:
        """Return the due schedules and the edits, oldest first, up to `limit` of each partition."""
        until = f"{_DUE}{millis(now) + 1:013}"
        found = [
            _edit(row) if row.key.startswith(_EDIT) else _due(row)
            for partition in _partitions()
            for row in islice(self._table.rows(RowRange(partition, _EDIT, until)), limit)
        ]
        return sorted(found, key=lambda each: each.at)

    def upcoming(self, *, until: datetime) -> Iterator[Due]:
        """Yield the schedules that are due before a time, the next one first."""
        stop = f"{_DUE}{millis(until):013}"
        of_partitions = [
            map(_due, self._table.rows(RowRange(partition, _DUE, stop)))
            for partition in _partitions()
        ]
        return heapq.merge(*of_partitions, key=lambda each: (each.at, each.task, each.schedule))

    def idle(self, *, limit: int) -> list[IdleSchedule]:
        """Return the first schedules that will not fire, up to `limit` of each partition."""
        found = [
            _idle(row)
            for partition in _partitions()
            for row in islice(self._table.rows(RowRange.prefixed(partition, _IDLE)), limit)
        ]
        return sorted(found, key=lambda each: (each.task, each.schedule))

    def record_edit(self, task: str) -> Edit:
        """Record that a Task is about to be edited."""
        edit = Edit(task=task, token=new_fingerprint(), at=self._clock())
        self._table.upsert(
            Row(_partition(task), f"{_EDIT}{task}~{edit.token}", {_AT: edit.at.isoformat()})
        )
        return edit

    def remove_edit(self, edit: Edit) -> None:
        """Remove the record of an edit whose schedules are synced."""
        self._table.delete(_partition(edit.task), f"{_EDIT}{edit.task}~{edit.token}")


def _partitions() -> Iterator[str]:
    return (f"p{number}" for number in range(_PARTITIONS))


def _partition(task: str) -> str:
    return f"p{int(hashed_key(task), 16) % _PARTITIONS}"


def _index_key(state: ScheduleState) -> str:
    if state.due is None:
        return f"{_IDLE}{state.task}~{state.schedule}"
    return f"{_DUE}{millis(state.due):013}~{state.task}~{state.schedule}"


def _due(row: Row) -> Due:
    _, due, task, schedule = row.key.split("~")
    return Due(task=task, schedule=schedule, at=moment(int(due)))


def _idle(row: Row) -> IdleSchedule:
    _, task, schedule = row.key.split("~")
    return IdleSchedule(task=task, schedule=schedule)


def _edit(row: Row) -> Edit:
    _, task, token = row.key.split("~")
    return Edit(task=task, token=token, at=datetime.fromisoformat(row.text(_AT)))


def _stored(row: Row) -> StoredSchedule:
    text = join_text(_DOCUMENT, row.values)
    if text is None:
        raise Broken("a stored schedule has no document")
    return StoredSchedule(state=decode_schedule(text), etag=row.etag)
