"""Tests for the routes that test vaults and platforms."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from fastapi.testclient import TestClient

from polysync_core.api.app import create_app
from polysync_core.api.operations.connection_tests import connection_test_routes
from polysync_core.api.security.access_policy import OPEN_ACCESS
from polysync_core.application.operations.audit import Audit
from polysync_core.application.platforms.connection_tests import (
    ConnectionTestResult,
    ConnectionTests,
)
from tests.fakes.audit import FakeAuditStore
from tests.fakes.builders import FakeClock

GOOD = ConnectionTestResult(ok=True, message="It answers.", latency_ms=7)


class HealthyConnections:
    """All tests of vaults and platforms succeed."""

    def test_a_vault_is_accepted_or_refused(self, _name: str) -> ConnectionTestResult:
        return GOOD

    def test_a_platform_is_accepted_or_refused(self, _name: str) -> ConnectionTestResult:
        return GOOD


@pytest.mark.parametrize("kind", ["vaults", "platforms"])
def test_a_connection_test_is_audited_as_no_change(kind: str) -> None:
    store = FakeAuditStore()
    audit = Audit(store=store, clock=FakeClock(), new_id=lambda: "a")
    routes = connection_test_routes(cast("ConnectionTests", HealthyConnections()))
    with TestClient(create_app([routes], access=replace(OPEN_ACCESS, audit=audit))) as client:
        result = client.post(f"/{kind}/lake/test").json()

    assert result == {"ok": True, "message": "It answers.", "latencyMs": 7}
    assert [entry.status for entry in store.entries.values()] == [200]
