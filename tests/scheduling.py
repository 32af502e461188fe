"""Distributes the tests over the processes of pytest-xdist."""

from __future__ import annotations

import re
from functools import cached_property

from xdist.scheduler.loadfile import LoadFileScheduling
from xdist.workermanage import WorkerController

from tests.host_kinds import HostKind

_SHARED_HOST = re.compile(
    r"tests/(?:faults|integration)/test_\w+\.py::.*[\[-](" + "|".join(HostKind) + r")[\]-]"
)
_STORAGE = "tests/integration/storage/"
_JOURNEYS = re.compile(r"tests/journeys/(?!test_every_page|test_first_journey|test_host_killed)")
"""The journeys that share a host and a browser; the others take as long or start their own host."""


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
        if journey := _JOURNEYS.match(nodeid):
            return journey[0]
        return super()._split_scope(nodeid)

    @cached_property
    def _positions(self) -> dict[str, int]:
        """The position of each test in the collection, which is the same for all processes."""
        return {nodeid: position for position, nodeid in enumerate(self.collection or ())}

    def _assign_work_unit(self, node: WorkerController) -> None:
        """Give the next group to a process.

        The class of xdist searches the whole collection for each test.
        """
        group, tests = self.workqueue.popitem(last=False)
        self.assigned_work[node][group] = tests
        node.send_runtest_some([self._positions[each] for each, done in tests.items() if not done])

    def mark_test_complete(
        self, node: WorkerController, item_index: int, duration: float = 0
    ) -> None:
        """Note the end of a test, and forget a group after its last test.

        The class of xdist counts the tests of all earlier groups after each test.
        """
        super().mark_test_complete(node, item_index, duration)
        groups = self.assigned_work[node]
        group = self._split_scope(self.registered_collections[node][item_index])
        if group in groups and all(groups[group].values()):
            del groups[group]
