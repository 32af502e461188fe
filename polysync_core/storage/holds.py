"""Stores holds (stops of starts) in a table, one row for each held object."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from polysync_core.domain.dispatch.holds import Hold
from polysync_core.domain.errors import StaleETag
from polysync_core.storage.rows import Row, RowExists, RowRange
from polysync_core.storage.tables import Tables

_PARTITION = "hold"


class TableHolds:
    """Implements `HoldStore` on a table."""

    def __init__(self, storage: Tables) -> None:
        self._table = storage.table("Holds")

    def all(self) -> list[Hold]:
        """Return the newest version of every hold, by one range read."""
        return [_hold(row) for row in self._table.rows(RowRange(_PARTITION))]

    def put(self, hold: Hold) -> Hold:
        """Store the next version of a hold; raise `StaleETag` after another write."""
        row = self._table.get(_PARTITION, hold.name)
        version = 1 if row is None else _hold(row).version + 1
        hold = replace(hold, version=version)
        values = {
            "version": hold.version,
            "reason": hold.reason,
            "by": hold.by,
            "at": hold.at.isoformat(),
            "active": hold.is_active,
        }
        if row is not None:
            self._table.replace(Row(_PARTITION, hold.name, values, row.etag))
            return hold
        try:
            self._table.insert(Row(_PARTITION, hold.name, values))
        except RowExists as taken:
            raise StaleETag from taken
        return hold


def _hold(row: Row) -> Hold:
    return Hold(
        name=row.key,
        version=int(str(row.values["version"])),
        reason=row.text("reason"),
        by=row.text("by"),
        at=datetime.fromisoformat(row.text("at")),
        is_active=row.values["active"] is True,
    )
