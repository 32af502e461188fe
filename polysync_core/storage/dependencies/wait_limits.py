"""Stores the wait limits of dependencies in a table, ordered by time.

due | <time>~<task>
"""

from __future__ import annotations

from datetime import datetime

from polysync_core.domain.dependencies.stored_gate import WaitLimit
from polysync_core.domain.dependencies.tokens import milliseconds
from polysync_core.storage.rows import Row, RowRange
from polysync_core.storage.tables import Tables

_DUE = "due"


class TableWaitLimits:
    """Implements `WaitLimitStore` on the table `WaitLimits`."""

    def __init__(self, storage: Tables) -> None:
        self._table = storage.table("WaitLimits")

    def put(self, limit: WaitLimit) -> None:
        """Store a wait limit; a repeated write changes nothing."""
        values = {"task": limit.task, "at": limit.at.isoformat()}
        self._table.upsert(Row(_DUE, _key(limit), values))

    def due(self, now: datetime, *, limit: int) -> list[WaitLimit]:
        """Return the first wait limits that have passed, by one range read."""
        passed = RowRange(_DUE, "", f"{milliseconds(now) + 1:013}")
        return [
            WaitLimit(task=row.text("task"), at=datetime.fromisoformat(row.text("at")))
            for row in self._table.page(passed, limit=limit).rows
        ]

    def remove(self, limit: WaitLimit) -> None:
        """Remove a wait limit."""
        self._table.delete(_DUE, _key(limit))


def _key(limit: WaitLimit) -> str:
    return f"{milliseconds(limit.at):013}~{limit.task}"
