"""Stores the last connection test of a definition, and recent event deliveries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from polysync_core.domain.conflicts import retry_on_conflict
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.recent_results import (
    MOST_DELIVERIES,
    DeliveryAttempt,
    DeliveryResult,
    LastTest,
)
from polysync_core.domain.errors import StaleETag
from polysync_core.storage.operations.purging import More, delete_batch
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import Row, RowExists, RowRange
from polysync_core.storage.tables import Tables

_TESTS = "tests"
_DELIVERIES = "deliveries"
_CONTENT = "content"
_AT = "at"
_MAX_TESTS = 1_000
_MAX_TEXT = 1_000
"""The most characters of a message that are stored."""


class TableRecentResults:
    """Implements `RecentResults` on a table."""

    def __init__(self, storage: Tables) -> None:
        self._table = storage.table("RecentResults")

    def put_test(self, reference: Reference, test: LastTest) -> None:
        """Remember the last test of a definition."""
        values = {
            _AT: test.at.isoformat(),
            "ok": test.ok,
            "message": test.message[:_MAX_TEXT],
            "latencyMs": test.latency_ms,
        }
        self._table.upsert(Row(_TESTS, f"{reference.kind.value}:{reference.name}", values))

    def tests(self, kind: Kind) -> Mapping[str, LastTest]:
        """Return the last tests of a kind by name, by one range read."""
        rows = RowRange.prefixed(_TESTS, f"{kind.value}:")
        found = self._table.page(rows, limit=_MAX_TESTS).rows
        return {row.key.partition(":")[2]: _test(row) for row in found}

    def test(self, reference: Reference) -> LastTest | None:
        """Return the last test of a definition by one point read."""
        row = self._table.get(_TESTS, f"{reference.kind.value}:{reference.name}")
        return None if row is None else _test(row)

    def add_delivery(self, webhook: str, delivery: DeliveryAttempt) -> None:
        """Remember an attempt by compare-and-set, and drop the oldest one."""

        def attempt() -> None:
            row = self._table.get(_DELIVERIES, webhook)
            newest = [_document(delivery), *_documents(row)][:MOST_DELIVERIES]
            values = split_text(_CONTENT, json.dumps(newest, ensure_ascii=False))
            changed = Row(
                _DELIVERIES,
                webhook,
                {**values, _AT: delivery.at.isoformat()},
                "" if row is None else row.etag,
            )
            if row is not None:
                self._table.replace(changed)
                return
            try:
                self._table.insert(changed)
            except RowExists as taken:
                raise StaleETag from taken

        retry_on_conflict(attempt)

    def deliveries(self, webhook: str) -> Sequence[DeliveryAttempt]:
        """Return the remembered attempts of a webhook, newest first."""
        documents = _documents(self._table.get(_DELIVERIES, webhook))
        return [_delivery(each) for each in documents]

    def purge(self, before: datetime, more: More) -> int:
        """Delete the rows that have not changed since a time."""
        deleted = 0
        for row in self._expired(before):
            if not more():
                break
            delete_batch(self._table, [row])
            deleted += 1
        return deleted

    def _expired(self, before: datetime) -> Iterator[Row]:
        for partition in (_TESTS, _DELIVERIES):
            for row in self._table.rows(RowRange(partition)):
                if datetime.fromisoformat(row.text(_AT)) < before:
                    yield row


def _test(row: Row) -> LastTest:
    return LastTest(
        at=datetime.fromisoformat(row.text(_AT)),
        ok=row.values["ok"] is True,
        message=row.text("message"),
        latency_ms=int(str(row.values["latencyMs"])),
    )


def _documents(row: Row | None) -> list[dict[str, Any]]:
    content = None if row is None else join_text(_CONTENT, row.values)
    return [] if content is None else json.loads(content)


def _document(delivery: DeliveryAttempt) -> dict[str, Any]:
    return {
        "at": delivery.at.isoformat(),
        "eventId": delivery.event_id,
        "kind": delivery.kind,
        "runId": delivery.run_id,
        "attempt": delivery.attempt,
        "result": delivery.result.value,
        "error": None if delivery.error is None else delivery.error[:_MAX_TEXT],
    }


def _delivery(document: dict[str, Any]) -> DeliveryAttempt:
    return DeliveryAttempt(
        at=datetime.fromisoformat(document["at"]),
        event_id=document["eventId"],
        kind=document["kind"],
        run_id=document["runId"],
        attempt=document["attempt"],
        result=DeliveryResult(document["result"]),
        error=document["error"],
    )
