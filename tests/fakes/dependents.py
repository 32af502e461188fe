"""The graph around Tasks that a test has at hand."""

from __future__ import annotations

from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.ports import Runs
from polysync_core.application.runs.closing import Closing
from polysync_core.domain.definitions.tasks import Task
from tests.fakes.definitions import FakeDefinitions


def closing_of(runs: Runs, *tasks: Task) -> Closing:
    """Return what closes runs where these are all the Tasks there are."""
    store = FakeDefinitions()
    for task in tasks:
        store.put(task, replacing=None)
    return Closing(runs=runs, neighbours=TaskGraphCache(store))
