"""Updates the schedules and event batches of a Task after an edit of the Task."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from polysync_core.application.definitions.writer import ScheduleFollower
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.tasks import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFollower:
    """Updates the schedules and the event batches of a Task after an edit."""

    schedules: ScheduleFollower
    wake: Callable[[Task], None]

    @contextmanager
    def following(self, *versions: Definition | None) -> Generator[None]:
        """Update schedules and batches after the write that the block performs.

        A batch keeps its events: the next check applies the new definition to them.
        """
        with self.schedules.following(*versions):
            yield
        tasks = [each for each in versions if isinstance(each, Task) and each.arrivals]
        for task in {each.identity: each for each in tasks}.values():
            self.wake(task)
