"""Distributes the tests over the processes of pytest-xdist."""

from __future__ import annotations

import re

from xdist.scheduler.loadfile import LoadFileScheduling

from tests.host_kinds import HostKind

_SHARED_HOST = re.compile(
    r"tests/(?:faults|integration)/test_\w+\.py::.*[\[-](" + "|".join(HostKind) + r")[\]-]"
)
_STORAGE = "tests/integration/storage/"


class HostScheduling(LoadFileScheduling):
    """Gives whole files to the processes, and all tests of a shared host to one.

    Each process would otherwise start all hosts.
    """

    def _split_scope(self, nodeid: str) -> str:
        """Return the name of the group of a test."""
        if shared := _SHARED_HOST.match(nodeid):
            return shared[1]
        if nodeid.startswith(_STORAGE):
            return _STORAGE  # they share Azurite
        return super()._split_scope(nodeid)
