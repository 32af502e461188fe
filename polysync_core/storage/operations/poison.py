"""Stores poison messages in a table, newest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from polysync_core.domain.poison import PoisonMessage
from polysync_core.domain.runs.stored import Page
from polysync_core.storage.operations.purging import More, delete_rows
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import Row, RowRange, hashed_key
from polysync_core.storage.tables import Tables

_PARTITION = "poison"
_PAYLOAD = "payload"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAR_FUTURE = 9_999_999_999_999
"""Epoch milliseconds; keys are the difference to this time, so the newest sorts first."""


class TablePoison:
    """Implements `PoisonStore` on a table; one partition suffices, because the messages are few."""

    def __init__(self, storage: Tables) -> None:
        self._table = storage.table("PoisonMessages")

    def put(self, message: PoisonMessage) -> None:
        """Store a message; storing it twice has no further effect."""
        self._table.upsert(
            Row(
                _PARTITION,
                _key(message),
                {
                    "message": message.id,
                    "queue": message.queue,
                    "at": _milliseconds(message.at),
                    "reason": message.reason,
                    **split_text(_PAYLOAD, message.payload),
                },
            )
        )

    def page(self, *, limit: int, token: str | None = None) -> Page[PoisonMessage]:
        """Return messages, newest first; raises `Malformed` for a foreign token."""
        page = self._table.page(RowRange(_PARTITION), limit=limit, token=token)
        return Page(items=[_message(row) for row in page.rows], continuation_token=page.token)

    def purge(self, before: datetime, more: More) -> int:
        """Delete the messages that were abandoned before a time, and return their number."""
        # The newest message sorts first, so older messages have greater keys.
        oldest = RowRange(_PARTITION, f"{_FAR_FUTURE - _milliseconds(before):013}~~")
        return delete_rows(self._table, oldest, more)


def _key(message: PoisonMessage) -> str:
    newest_first = _FAR_FUTURE - _milliseconds(message.at)
    return f"{newest_first:013}~{hashed_key(message.queue, message.id)}"


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _message(row: Row) -> PoisonMessage:
    return PoisonMessage(
        id=row.text("message"),
        queue=row.text("queue"),
        at=_EPOCH + timedelta(milliseconds=int(str(row.values["at"]))),
        reason=row.text("reason"),
        payload=join_text(_PAYLOAD, row.values) or "",
    )
