"""Local systems that the tests of one folder share, one on each kind of host."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from tests.faults.local_system import LocalSystem
from tests.host_kinds import HostKind

type Start = Callable[[Path, HostKind], AbstractContextManager[LocalSystem]]


class SharedSystems:
    """Starts a system for its first test, and ends it after the last.

    A host that waits costs processor time, so no host waits until the end of the session.
    """

    def __init__(self, folder: Path, start: Start) -> None:
        self._folder = folder
        self._start = start
        self._running: dict[HostKind, LocalSystem] = {}
        self._opened = ExitStack()

    def on(self, kind: HostKind, temporary: pytest.TempPathFactory) -> LocalSystem:
        """Return the running system on a host."""
        if kind not in self._running:
            data = temporary.mktemp(f"{self._folder.name}-{kind}")
            self._running[kind] = self._opened.enter_context(self._start(data, kind))
        return self._running[kind]

    def close_before(self, following: pytest.Item | None) -> None:
        """End the systems unless the next test is in the same folder."""
        if following is None or following.path.parent != self._folder:
            self._running.clear()
            self._opened.close()
