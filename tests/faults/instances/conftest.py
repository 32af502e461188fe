"""Provides a system whose storage is a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.azurite import running_azurite
from tests.faults.local_system import LocalSystem, local_system
from tests.host_kinds import HostKind, require


@pytest.fixture
def system(tmp_path: Path) -> Iterator[LocalSystem]:
    """One instance of the app on the real Durable extension; a test may start more."""
    require(HostKind.FUNCTIONS)
    kind = HostKind.FUNCTIONS
    with (
        running_azurite(tmp_path) as base,
        local_system(tmp_path, base, kind=kind, shared_storage=True) as opened,
    ):
        yield opened
