"""Reads the related runs of a run: children, reruns and last runs of the Task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polysync_core.application.ports import RunReader
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import NotFound
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun

LAST_RUNS = 12
_MAX_EXAMINED = 100
"""The newest runs of the graph run among which the children are searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relatives:
    """The runs around a run, and the present definition of its Task."""

    task: Task | None
    """None if the Task is deleted, or the run has none."""
    children: Sequence[TaskRun]
    """The runs that the outcome of the run started or skipped."""
    reruns: Sequence[TaskRun]
    """The runs among the last ones that repeat the run."""
    last: Sequence[TaskRun]
    """The newest runs of the Task, or of the Job without a Task; newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativesReader:
    """Reads the relatives of runs: two short lists and one definition."""

    runs: RunReader
    definitions: DefinitionReader

    def of(self, run: TaskRun) -> Relatives:
        """Return the relatives of a run."""
        last = self.runs.page(_siblings(run)).items
        return Relatives(
            task=self._task(run),
            children=self._children(run),
            reruns=[each for each in last if each.rerun_of == run.run_id],
            last=last,
        )

    def _task(self, run: TaskRun) -> Task | None:
        if run.task is None:
            return None
        try:
            return self.definitions.task(run.task)
        except NotFound:
            return None

    def _children(self, run: TaskRun) -> list[TaskRun]:
        if run.task is None or not run.status.is_terminal:
            return []
        listing = Listing(graph_run_id=run.graph_run_id, since=run.queued_at, limit=_MAX_EXAMINED)
        return [
            each
            for each in self.runs.page(listing).items
            if any(parent.run_id == run.run_id for parent in each.parents)
        ]


def _siblings(run: TaskRun) -> Listing:
    if run.task is None:
        return Listing(job=run.job.name, without_task=True, limit=LAST_RUNS)
    return Listing(task=run.task, limit=LAST_RUNS)
