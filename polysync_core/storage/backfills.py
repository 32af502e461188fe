"""Stores backfills in a table, with lists of all backfills and of each Task.

backfill | <id>             the record
all      | <newest>~<id>    the list of all backfills, newest first
t~<task> | <newest>~<id>    the list of the backfills of a Task
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter

from polysync_core.domain.runs.identity import BackfillId
from polysync_core.domain.runs.stored import Page
from polysync_core.domain.schedules.backfills import BackfillRecord
from polysync_core.storage.operations.purging import More
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import Row, RowRange
from polysync_core.storage.tables import Tables

_RECORD = TypeAdapter(BackfillRecord)
_RECORDS, _ALL, _OF_TASK = "backfill", "all", "t~"
_DOCUMENT = "document"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAR_FUTURE = 9_999_999_999_999
"""Epoch milliseconds; keys are the difference to this time, so the newest sorts first."""


class TableBackfills:
    """Implements `BackfillStore` on a table."""

    def __init__(self, storage: Tables) -> None:
        self._table = storage.table("Backfills")

    def get(self, backfill_id: str) -> BackfillRecord | None:
        """Return a backfill by one point read."""
        row = self._table.get(_RECORDS, backfill_id)
        text = None if row is None else join_text(_DOCUMENT, row.values)
        return None if text is None else _RECORD.validate_json(text)

    def put(self, record: BackfillRecord) -> None:
        """Store a backfill; the lists come first, so that no backfill is hidden."""
        key = f"{_newest_first(record.requested_at)}~{record.backfill_id}"
        for partition in (_ALL, f"{_OF_TASK}{record.task}"):
            self._table.upsert(Row(partition, key, {}))
        document = split_text(_DOCUMENT, _RECORD.dump_json(record).decode())
        self._table.upsert(Row(_RECORDS, record.backfill_id, document))

    def page(
        self, task: str | None, *, limit: int, token: str | None = None
    ) -> Page[BackfillRecord]:
        """Return backfills, newest first; each costs one point read."""
        partition = _ALL if task is None else f"{_OF_TASK}{task}"
        page = self._table.page(RowRange(partition), limit=limit, token=token)
        found = [self.get(BackfillId(row.key.split("~")[1])) for row in page.rows]
        items = [record for record in found if record is not None]
        return Page(items=items, continuation_token=page.token)

    def purge(self, before: datetime, more: More) -> int:
        """Delete the backfills that were requested before a time; return their number."""
        deleted = 0
        for row in self._table.rows(RowRange(_ALL, f"{_newest_first(before)}~")):
            if not more():
                break
            backfill_id = row.key.split("~")[1]
            record = self.get(backfill_id)
            if record is not None:
                self._table.delete(f"{_OF_TASK}{record.task}", row.key)
                self._table.delete(_RECORDS, backfill_id)
            self._table.delete(_ALL, row.key)
            deleted += 1
        return deleted


def _newest_first(moment: datetime) -> str:
    return f"{_FAR_FUTURE - (moment - _EPOCH) // timedelta(milliseconds=1):013}"
