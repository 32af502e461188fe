"""Stores waiting notifications in a table, with one partition per receiver.

<receiver> | known~<id>                    a notice that was ever added
<receiver> | group~<group>~<time>~<id>     a waiting notice
<receiver> | budget                        the messages of the last hour
<receiver> | streak~<task>                 the failures of a Task
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import batched

from pydantic import TypeAdapter

from polysync_core.domain.clock import rfc3339
from polysync_core.domain.conflicts import retry_on_conflict
from polysync_core.domain.errors import StaleETag
from polysync_core.domain.notifications.budget import Budget
from polysync_core.domain.notifications.notices import Notice
from polysync_core.domain.notifications.store import HELD, StoredNotice
from polysync_core.domain.notifications.streaks import FailureStreak
from polysync_core.storage.operations.purging import More, delete_batch, partitions
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import (
    MAX_OPERATIONS,
    Change,
    Operation,
    Row,
    RowExists,
    RowRange,
    hashed_key,
)
from polysync_core.storage.tables import Tables

_KNOWN, _GROUP, _BUDGET, _STREAK = "known~", "group~", "budget", "streak~"
_CONTENT, _AT = "content", "at"
_NOTICES, _BUDGETS = TypeAdapter(Notice), TypeAdapter(Budget)
_STREAKS = TypeAdapter(FailureStreak)


class TableNotifications:
    """Implements `NotificationStore` on a table."""

    def __init__(self, storage: Tables) -> None:
        self._table = storage.table("Notifications")

    def add(self, receiver: str, notice: Notice, *, at: datetime) -> None:
        """Add a notice to its group, unless it was ever added before; one transaction."""
        known = hashed_key(notice.id)
        key = f"{_GROUP}{notice.group}~{rfc3339(at)}~{known}"
        rows = (
            Row(receiver, f"{_KNOWN}{known}", {_AT: at.isoformat()}),
            Row(receiver, key, _values(notice, at)),
        )
        try:
            self._table.transact([Operation(Change.INSERT, row) for row in rows])
        except RowExists:
            # A repeated message: the notice waits already, or its message was sent.
            return

    def waiting(self, receiver: str, group: str, *, limit: int) -> Sequence[StoredNotice]:
        """Return the first waiting notices of a group, oldest first."""
        rows = RowRange.prefixed(receiver, f"{_GROUP}{group}~")
        return [_stored(row) for row in self._table.page(rows, limit=limit).rows]

    def remove(self, receiver: str, notices: Sequence[StoredNotice]) -> None:
        """Remove notices whose message was accepted."""
        delete_batch(self._table, [Row(receiver, each.key, {}) for each in notices])

    def hold(self, receiver: str, notices: Sequence[StoredNotice]) -> None:
        """Move notices to the group `HELD`; a repetition changes nothing."""
        for each in notices:
            key = f"{_GROUP}{HELD}~{rfc3339(each.added_at)}~{hashed_key(each.notice.id)}"
            self._table.upsert(Row(receiver, key, _values(each.notice, each.added_at)))
        self.remove(receiver, notices)

    def change_budget(self, receiver: str, change: Callable[[Budget], Budget | None]) -> Budget:
        """Change the budget of a receiver by compare-and-set; return the one after it."""

        def changed(known: Budget | None) -> Budget:
            before = known or Budget({})
            return change(before) or before

        return self._change(receiver, _BUDGET, _BUDGETS, changed)

    def streak(self, receiver: str, task: str) -> FailureStreak | None:
        """Return the failures of a Task that a receiver was notified of."""
        return _read(_STREAKS, self._table.get(receiver, f"{_STREAK}{task}"))

    def change_streak(
        self, receiver: str, task: str, change: Callable[[FailureStreak | None], FailureStreak]
    ) -> FailureStreak:
        """Change the streak of a Task by compare-and-set; return the one after it."""
        return self._change(receiver, f"{_STREAK}{task}", _STREAKS, change)

    def _change[T](
        self, receiver: str, key: str, form: TypeAdapter[T], change: Callable[[T | None], T]
    ) -> T:
        def attempt() -> T:
            row = self._table.get(receiver, key)
            before = _read(form, row)
            after = change(before)
            if after == before:
                return after
            values = split_text(_CONTENT, form.dump_json(after).decode())
            if row is not None:
                self._table.replace(Row(receiver, key, values, row.etag))
                return after
            try:
                self._table.insert(Row(receiver, key, values))
            except RowExists as taken:
                raise StaleETag from taken
            return after

        return retry_on_conflict(attempt)

    def purge(self, before: datetime, more: More) -> int:
        """Delete the notices that were added before a time; budgets and streaks stay."""
        deleted = 0
        for receiver in partitions(self._table, more):
            for prefix in (_KNOWN, _GROUP):
                rows = self._table.rows(RowRange.prefixed(receiver, prefix))
                old = (each for each in rows if datetime.fromisoformat(each.text(_AT)) < before)
                for batch in batched(old, MAX_OPERATIONS, strict=False):
                    if not more():
                        return deleted
                    delete_batch(self._table, batch)
                    deleted += len(batch)
        return deleted


def _values(notice: Notice, at: datetime) -> dict[str, str]:
    return {**split_text(_CONTENT, _NOTICES.dump_json(notice).decode()), _AT: at.isoformat()}


def _read[T](form: TypeAdapter[T], row: Row | None) -> T | None:
    text = None if row is None else join_text(_CONTENT, row.values)
    return None if text is None else form.validate_json(text)


def _stored(row: Row) -> StoredNotice:
    notice = _NOTICES.validate_json(join_text(_CONTENT, row.values) or "")
    return StoredNotice(key=row.key, notice=notice, added_at=datetime.fromisoformat(row.text(_AT)))
