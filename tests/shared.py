"""Shares hosts and a browser between the consecutive tests of one folder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest


class Shared:
    """Opens a resource at its first use, and closes all after a folder's tests.

    A host that waits costs processor time, so no host waits until the end of the session.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._resources: dict[str, Any] = {}
        self._opened = ExitStack()

    def get[T](self, name: str, opening: Callable[[], AbstractContextManager[T]]) -> T:
        """Return the open resource of a name."""
        if name not in self._resources:
            self._resources[name] = self._opened.enter_context(opening())
        return self._resources[name]

    def close_before(self, following: pytest.Item | None) -> None:
        """Close the resources unless the next test is in the same folder."""
        if following is None or following.path.parent != self._folder:
            self._resources.clear()
            self._opened.close()
