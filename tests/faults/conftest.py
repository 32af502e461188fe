"""The local systems that most fault tests share, one for each kind of host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.faults.local_system import LocalSystem, local_system
from tests.host_kinds import HostKind


@pytest.fixture(scope="session")
def system_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LocalSystem]]:
    """Return the running system on a host. It starts with its first test."""
    running: dict[HostKind, LocalSystem] = {}
    with ExitStack() as opened:

        def system(kind: HostKind) -> LocalSystem:
            if kind not in running:
                folder = tmp_path_factory.mktemp("system")
                running[kind] = opened.enter_context(local_system(folder, kind=kind))
            return running[kind]

        yield system


@pytest.fixture(scope="module")
def system(host_kind: HostKind, system_on: Callable[..., LocalSystem]) -> LocalSystem:
    """A running host, a Databricks simulator and the benchmark's definitions."""
    return system_on(host_kind)
