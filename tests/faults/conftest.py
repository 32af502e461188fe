"""The local systems that most fault tests share, one for each kind of host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.local_system import LocalSystem, local_system
from tests.host_kinds import HostKind
from tests.shared import Shared

_SHARED = Shared(Path(__file__).parent)


@pytest.fixture(scope="module")
def system(host_kind: HostKind, tmp_path_factory: pytest.TempPathFactory) -> LocalSystem:
    """A running host, a Databricks simulator and the benchmark's definitions."""
    return _SHARED.get(
        host_kind, lambda: local_system(tmp_path_factory.mktemp(host_kind), kind=host_kind)
    )


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """End the shared systems after the last test of this folder."""
    _SHARED.close_before(nextitem)
