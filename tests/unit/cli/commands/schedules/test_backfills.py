"""`polysync backfills`."""

from __future__ import annotations

from typing import Any

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

BACKFILL: dict[str, Any] = {
    "backfillId": "b7",
    "task": "load",
    "from": "2026-02-01T00:00:00.000Z",
    "to": "2026-02-03T00:00:00.000Z",
    "count": 3,
    "runs": {"Queued": 0, "Succeeded": 2, "Failed": 1},
    "cancelledAt": None,
}


def test_backfills_are_listed_with_their_progress(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/backfills", Answer({"items": [BACKFILL], "continuationToken": None}))
    result = polysync("backfills", "--task", "load")
    assert result.exit_code == 0, result.output
    assert "b7" in result.output
    assert "2 Succeeded, 1 Failed of 3" in result.output


def test_a_backfill_is_cancelled(api: FakeApi, polysync: Invoke) -> None:
    cancelled = BACKFILL | {"cancelledAt": "2026-02-03T00:00:00.000Z"}
    api.on("POST", "/backfills/b7/cancel", Answer(cancelled, status=202))
    result = polysync("backfills", "b7", "--cancel")
    assert result.exit_code == 0, result.output
    assert "cancelled" in result.output


def test_cancelling_needs_a_backfill(polysync: Invoke) -> None:
    assert polysync("backfills", "--cancel").exit_code == 2


def test_no_backfills_are_said_so(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/backfills", Answer({"items": [], "continuationToken": None}))
    assert "no backfills" in polysync("backfills").output
