"""Compares a graph run (all runs from one root) with the previous graph run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from polysync_core.application.ports import RunReader
from polysync_core.application.runs.run_lookup import read_run
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun

MAX_RUNS = 1_000
"""The maximum number of runs of a graph run that are compared."""
_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTask:
    """The newest run of a Task in each of two graph runs."""

    task: str
    run: TaskRun | None
    before: TaskRun | None

    @property
    def slower_by(self) -> timedelta | None:
        """The difference of the durations; None unless both runs have ended."""
        now, before = duration_of(self.run), duration_of(self.before)
        return None if now is None or before is None else now - before

    @property
    def changed_outputs(self) -> Mapping[str, tuple[JsonValue, JsonValue]]:
        """The outputs that differ, as the value before and the value now."""
        now, before = _outputs_of(self.run), _outputs_of(self.before)
        return {
            name: (before.get(name), now.get(name))
            for name in sorted({*now, *before})
            if before.get(name) != now.get(name)
        }

    @property
    def is_changed(self) -> bool:
        """Return whether the status or an output differs."""
        statuses = [None if each is None else each.status for each in (self.run, self.before)]
        return statuses[0] is not statuses[1] or bool(self.changed_outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two graph runs of one root Task."""

    graph_run_id: RunId
    before: RunId
    tasks: Sequence[ComparedTask]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphRunComparisons:
    """Compares graph runs; changes nothing."""

    runs: RunReader

    def with_previous(self, graph_run_id: RunId) -> Comparison | None:
        """Compare a graph run with the one before; None for the first one.

        A partial rerun is compared with the graph run that it repeats. Raises `NotFound`.
        """
        root = read_run(self.runs, graph_run_id).run
        before = root.repeats[0] if root.repeats else self._previous(root)
        if before is None:
            return None
        now, then = self._newest(graph_run_id), self._newest(before)
        names = list(now) if root.repeats else list(dict.fromkeys([*now, *then]))
        tasks = [
            ComparedTask(task=name, run=now.get(name), before=then.get(name)) for name in names
        ]
        return Comparison(graph_run_id=graph_run_id, before=before, tasks=tasks)

    def _previous(self, root: TaskRun) -> RunId | None:
        """Return the id of the newest earlier graph run of the same root Task."""
        listing = Listing(task=root.task, until=root.queued_at, limit=_PAGE)
        earlier = (run for run in self.runs.page(listing).items if run.run_id != root.run_id)
        return next((run.run_id for run in earlier if run.graph_run_id == run.run_id), None)

    def _newest(self, graph_run_id: RunId) -> dict[str, TaskRun]:
        """Return the newest run of each Task, in the order of acceptance."""
        newest: dict[str, TaskRun] = {}
        for number, run in enumerate(self._runs(graph_run_id)):
            if run.task is not None and number < MAX_RUNS:
                newest.setdefault(run.task, run)
        return dict(sorted(newest.items(), key=lambda item: item[1].queued_at))

    def _runs(self, graph_run_id: RunId) -> Iterator[TaskRun]:
        token: str | None = None
        for _ in range(MAX_RUNS // _PAGE):
            listing = Listing(graph_run_id=graph_run_id, limit=_PAGE, continuation_token=token)
            page = self.runs.page(listing)
            yield from page.items
            if (token := page.continuation_token) is None:
                return


def _outputs_of(run: TaskRun | None) -> Mapping[str, JsonValue]:
    return {} if run is None else run.outputs


def duration_of(run: TaskRun | None) -> timedelta | None:
    """Return the duration of an ended run."""
    if run is None or run.started_at is None or run.finished_at is None:
        return None
    return run.finished_at - run.started_at
