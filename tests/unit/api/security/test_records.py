"""Tests for routes that add to the audit record of their request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.fakes.app import FakeApp
from tests.fakes.audit import FakeAuditStore


@pytest.fixture(scope="module")
def store() -> FakeAuditStore:
    return FakeAuditStore()


@pytest.fixture(scope="module")
def client(store: FakeAuditStore) -> Iterator[TestClient]:
    """The app, built once: building it takes longer than a test."""
    with FakeApp(audit=store).http as opened:
        yield opened


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("dryRun=true", 200, id="a plan"),
        pytest.param("prune=true&dryRun=true", 200, id="a plan that prunes"),
        pytest.param("dryRun=false", None, id="no plan"),
        pytest.param("dryRun=true&dryRun=false", 422, id="two values"),
        pytest.param("dryrun=true", 422, id="a misspelt parameter"),
        pytest.param("dryRun=true;", 422, id="an invalid value"),
    ],
)
def test_only_the_dry_run_of_a_document_is_audited_as_no_change(
    client: TestClient, store: FakeAuditStore, query: str, status: int | None
) -> None:
    store.entries.clear()
    client.put(f"/definitions?{query}", json={"calendars": []})
    assert [entry.status for entry in store.entries.values()] == [status]
