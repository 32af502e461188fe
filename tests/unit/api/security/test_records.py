"""Tests for routes that add to the audit record of their request."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from polysync_core.api.app import create_app
from polysync_core.api.definitions.documents import document_routes
from polysync_core.api.security.access_policy import AccessPolicy
from polysync_core.api.security.callers import accept_all
from polysync_core.application.operations.audit import Audit
from tests.fakes.audit import FakeAuditStore
from tests.fakes.builders import FakeClock
from tests.fakes.definitions import FakeDefinitions, documents_of


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
    query: str, status: int | None
) -> None:
    store = FakeAuditStore()
    audit = Audit(store=store, clock=FakeClock(), new_id=lambda: "entry")
    routes = document_routes(documents_of(FakeDefinitions()))
    app = create_app([routes], access=AccessPolicy(identify=accept_all, audit=audit))
    with TestClient(app) as client:
        client.put(f"/definitions?{query}", json={"calendars": []})
    assert [entry.status for entry in store.entries.values()] == [status]
