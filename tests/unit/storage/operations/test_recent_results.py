"""Tests the rows of recent results: bounded, complete under concurrency, and purged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.recent_results import (
    MOST_DELIVERIES,
    DeliveryAttempt,
    DeliveryResult,
    LastTest,
)
from polysync_core.storage.operations.recent_results import TableRecentResults
from tests.fakes.tables import TableService

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAKE = Reference(Kind.PLATFORM, "lake")


@pytest.fixture
def service() -> TableService:
    return TableService()


@pytest.fixture
def results(service: TableService) -> TableRecentResults:
    return TableRecentResults(service.storage())


def a_test(*, ok: bool = True, minutes: int = 0, message: str = "reached") -> LastTest:
    at = NOON + timedelta(minutes=minutes)
    return LastTest(at=at, ok=ok, message=message, latency_ms=12)


def an_attempt(number: int, error: str | None = None) -> DeliveryAttempt:
    return DeliveryAttempt(
        at=NOON + timedelta(seconds=number),
        event_id=f"r/{number}",
        kind="failed",
        run_id="r" + "a" * 25,
        attempt=1,
        result=DeliveryResult.ACCEPTED if error is None else DeliveryResult.FAILED,
        error=error,
    )


def test_only_the_last_test_of_a_definition_is_kept(results: TableRecentResults) -> None:
    results.put_test(LAKE, a_test(ok=False))
    results.put_test(LAKE, a_test(minutes=5))
    results.put_test(Reference(Kind.VAULT, "lake"), a_test(ok=False))

    assert results.test(LAKE) == a_test(minutes=5)
    assert results.tests(Kind.PLATFORM) == {"lake": a_test(minutes=5)}
    assert results.test(Reference(Kind.PLATFORM, "other")) is None


def test_the_newest_deliveries_are_kept(results: TableRecentResults) -> None:
    for number in range(MOST_DELIVERIES + 5):
        results.add_delivery("chat", an_attempt(number, "refused" if number % 2 else None))

    found = results.deliveries("chat")

    assert [each.event_id for each in found][:2] == ["r/24", "r/23"]
    assert len(found) == MOST_DELIVERIES
    assert found[0] == an_attempt(24)
    assert found[1].error == "refused"
    assert results.deliveries("other") == []


def test_concurrent_deliveries_are_both_kept(
    service: TableService, results: TableRecentResults
) -> None:
    results.add_delivery("chat", an_attempt(1))
    service.touch("RecentResults", ("deliveries", "chat"))
    results.add_delivery("chat", an_attempt(2))

    assert [each.event_id for each in results.deliveries("chat")] == ["r/2", "r/1"]


def test_long_texts_are_cut(results: TableRecentResults) -> None:
    results.put_test(LAKE, a_test(message="x" * 100_000))
    for number in range(MOST_DELIVERIES):
        results.add_delivery("chat", an_attempt(number, "\N{PILE OF POO}" * 100_000))

    found = results.test(LAKE)
    assert found is not None
    assert len(found.message) == 1_000
    assert len(results.deliveries("chat")[0].error or "") == 1_000


def test_old_results_are_purged(results: TableRecentResults) -> None:
    results.put_test(LAKE, a_test())
    results.put_test(Reference(Kind.VAULT, "local"), a_test(minutes=60))
    results.add_delivery("chat", an_attempt(1))

    assert results.purge(NOON + timedelta(minutes=30), lambda: True) == 2
    assert results.test(LAKE) is None
    assert results.deliveries("chat") == []
    assert results.tests(Kind.VAULT) == {"local": a_test(minutes=60)}
