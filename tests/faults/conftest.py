"""The local systems that most fault tests share, one for each kind of host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.local_system import LocalSystem, local_system
from tests.faults.shared_systems import SharedSystems
from tests.host_kinds import HostKind

_SYSTEMS = SharedSystems(
    Path(__file__).parent, lambda folder, kind: local_system(folder, kind=kind)
)


@pytest.fixture(scope="module")
def system(host_kind: HostKind, tmp_path_factory: pytest.TempPathFactory) -> LocalSystem:
    """A running host, a Databricks simulator and the benchmark's definitions."""
    return _SYSTEMS.on(host_kind, tmp_path_factory)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """End the shared systems after the last test of this folder."""
    _SYSTEMS.close_before(nextitem)
