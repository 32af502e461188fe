"""Fixtures that start local Functions hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.host_kinds import HostKind, require
from tests.integration.devhost.host_process import HostProcess


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    """Return a host that all tests of a module share."""
    require(HostKind.FUNCTIONS)
    process = HostProcess(tmp_path_factory.mktemp("shared") / "data")
    try:
        yield process.ready()
    finally:
        process.close()


@pytest.fixture
def start_host(tmp_path: Path) -> Iterator[Callable[..., HostProcess]]:
    """Return a function that starts hosts, which end after the test."""
    require(HostKind.FUNCTIONS)
    started: list[HostProcess] = []

    def start(name: str = "data", **options: Any) -> HostProcess:
        started.append(HostProcess(tmp_path / name, **options))
        return started[-1]

    yield start
    for process in started:
        process.close()
