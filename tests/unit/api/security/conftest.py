"""Fixtures of the tests of access control."""

from __future__ import annotations

import pytest

from polysync_core.api.security.callers import (
    by_key,
    from_app_service,
)
from tests.unit.api.security.protected_app import KEYS, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def world_with_keys() -> World:
    return World(by_key(KEYS, otherwise=from_app_service))
