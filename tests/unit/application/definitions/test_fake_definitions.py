"""Tests that the store in memory keeps the contract of the real store."""

from __future__ import annotations

import pytest

from tests.fakes.definitions import FakeDefinitions
from tests.fakes.store_contract import StoreContract


class TestFakeDefinitions(StoreContract):
    @pytest.fixture
    def store(self) -> FakeDefinitions:
        return FakeDefinitions()
