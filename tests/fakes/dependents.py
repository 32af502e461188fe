"""Run finishers for the Tasks of a test."""

from __future__ import annotations

from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.runs.finishing import RunFinisher
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.definitions.tasks import Task
from tests.fakes.builders import FakeClock
from tests.fakes.definitions import FakeDefinitions


def finisher_of(store: RunStore, *tasks: Task) -> RunFinisher:
    """Return a finisher that knows these Tasks only."""
    definitions = FakeDefinitions()
    for task in tasks:
        definitions.put(task, replacing=None)
    return RunFinisher(store=store, task_graph=TaskGraphCache(definitions), clock=FakeClock())
