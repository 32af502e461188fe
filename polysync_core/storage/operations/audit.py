"""Stores audit entries in a table: one partition per day, newest entry first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from polysync_core.domain.runs.stored import Page
from polysync_core.domain.security.audit import AuditEntry
from polysync_core.storage.operations.purging import More, delete_rows, partitions
from polysync_core.storage.rows import Row, RowRange
from polysync_core.storage.tables import Tables

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAR_FUTURE = 9_999_999_999_999
"""Epoch milliseconds; keys are the difference to this time, so the newest sorts first."""


class TableAudit:
    """Implements `AuditStore` on a table."""

    def __init__(self, storage: Tables) -> None:
        self._table = storage.table("Audit")

    def put(self, entry: AuditEntry) -> None:
        """Store an entry; an entry with the same time and id replaces it."""
        at = (entry.at - _EPOCH) // timedelta(milliseconds=1)
        self._table.upsert(
            Row(
                _partition(entry.at.date()),
                f"{_FAR_FUTURE - at:013}~{entry.id}",
                {
                    "id": entry.id,
                    "at": at,
                    "actor": entry.actor,
                    "objectId": entry.object_id or "",
                    "method": entry.method,
                    "path": entry.path,
                    "status": entry.status or 0,
                    "runId": entry.run_id or "",
                },
            )
        )

    def page(self, day: date, *, limit: int, token: str | None = None) -> Page[AuditEntry]:
        """Return the entries of a day, newest first; raises `Malformed` for a foreign token."""
        page = self._table.page(RowRange(_partition(day)), limit=limit, token=token)
        return Page(items=[_entry(row) for row in page.rows], continuation_token=page.token)

    def purge(self, before: datetime, more: More) -> int:
        """Delete the entries of all days before a time's day, and return their number."""
        deleted = 0
        for day in partitions(self._table, more):
            if day >= _partition(before.astimezone(UTC).date()):
                break
            deleted += delete_rows(self._table, RowRange(day), more)
        return deleted


def _partition(day: date) -> str:
    return day.isoformat()


def _entry(row: Row) -> AuditEntry:
    return AuditEntry(
        id=row.text("id"),
        at=_EPOCH + timedelta(milliseconds=int(str(row.values["at"]))),
        actor=row.text("actor"),
        object_id=row.text("objectId") or None,
        method=row.text("method"),
        path=row.text("path"),
        status=int(str(row.values["status"])) or None,
        run_id=row.text("runId") or None,
    )
