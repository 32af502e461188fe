"""The local system that most fault tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.local_system import LocalSystem, local_system


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A running host, a Databricks simulator and the benchmark's definitions."""
    with local_system(tmp_path_factory.mktemp("system"), azurite=True) as opened:
        yield opened
