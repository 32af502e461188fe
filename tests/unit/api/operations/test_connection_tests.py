"""Tests for the routes that test vaults and platforms."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from tests.fakes.app import FakeApp
from tests.fakes.audit import FakeAuditStore
from tests.fakes.builders import a_platform


@pytest.mark.parametrize("kind", ["vaults", "platforms"])
def test_a_connection_test_is_audited_as_no_change(kind: str) -> None:
    store = FakeAuditStore()
    vault = Vault(name="lake", provider=VaultProvider.ENVIRONMENT)
    app = FakeApp(vault, a_platform(name="lake"), audit=store)
    with app.http as client:
        result = client.post(f"/{kind}/lake/test").json()

    assert (result["ok"], result["message"]) == (True, "reached")
    assert result["latencyMs"] >= 0
    assert [entry.status for entry in store.entries.values()] == [200]
