"""Groups skipped runs by the failed run that is the root cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from polysync_core.application.missed.list_limits import Bounded, newest_runs
from polysync_core.application.ports import RunReader
from polysync_core.application.runs.run_lookup import newest_run
from polysync_core.domain.definitions.name_graph import upstream_first
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.skip import SkipKind

OF_SCHEDULES = frozenset(
    {
        SkipKind.MISSED,
        SkipKind.OVERLAP,
        SkipKind.SCHEDULE_PAUSED,
        SkipKind.SCHEDULE_CHANGED,
        SkipKind.SHARD_FULL,
        SkipKind.PAST,
    }
)
"""The kinds of skips that a schedule decides on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootRun:
    """The first run of a chain of skipped runs."""

    task: str
    run_id: RunId
    status: RunStatus
    error: str
    """The error of the run, or the reason of its status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedGroup:
    """The runs that one root cause skipped."""

    root: RootRun
    graph_run_id: RunId
    at: datetime
    """The time at which the newest run of the group was skipped."""
    runs: Sequence[TaskRun]
    """The skipped runs, upstream runs first; the root is one of them if it was skipped itself."""
    recovered_by: RunId | None = None
    """A later run of the root's Task that succeeded."""

    @property
    def is_by_design(self) -> bool:
        """Return whether a branch was not taken because its condition was not met."""
        return self.root.status is RunStatus.SUCCEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedRuns:
    """Lists the newest skipped runs."""

    runs: RunReader

    def since(self, moment: datetime) -> Bounded[TaskRun]:
        """Return the skipped runs since a time, newest first."""
        return newest_runs(self.runs, Listing(statuses=frozenset({RunStatus.SKIPPED})), moment)

    def grouped(self, skipped: Iterable[TaskRun]) -> list[SkippedGroup]:
        """Return skipped runs by root cause, the newest group first.

        Runs that a schedule skipped are left out, except as the root of others. The cost is one
        point read for each root, and one range read for each Task of a root that failed.
        """
        groups: dict[RunId, list[TaskRun]] = {}
        for run in skipped:
            if run.skip is None or run.skip.kind not in OF_SCHEDULES:
                groups.setdefault(_root_id(run), []).append(run)
        roots = {each.run.run_id: each.run for each in self.runs.get_many(groups)}
        recovered = self._recovered(roots.values())
        return [_group(root_id, runs, roots, recovered) for root_id, runs in groups.items()]

    def _recovered(self, roots: Iterable[TaskRun]) -> Mapping[str, TaskRun]:
        """Return the newest success of each Task whose run is the root of skipped runs."""
        tasks = {run.task for run in roots if run.status is not RunStatus.SUCCEEDED}
        succeeded = frozenset({RunStatus.SUCCEEDED})
        found = {
            task: newest_run(self.runs, Listing(task=task, statuses=succeeded))
            for task in tasks
            if task is not None
        }
        return {task: run for task, run in found.items() if run is not None}


def _root_id(run: TaskRun) -> RunId:
    root = run.skip and run.skip.root
    return run.run_id if root is None else root.run_id


def _group(
    root_id: RunId,
    newest_first: Sequence[TaskRun],
    roots: Mapping[RunId, TaskRun],
    recovered: Mapping[str, TaskRun],
) -> SkippedGroup:
    newest, stored = newest_first[0], roots.get(root_id)
    root = _root(newest) if stored is None else _described(stored)
    success = recovered.get(root.task)
    is_later = success is not None and stored is not None and success.queued_at > stored.queued_at
    return SkippedGroup(
        root=root,
        graph_run_id=newest.graph_run_id,
        at=newest.queued_at,
        runs=_upstream_first(newest_first[::-1]),
        recovered_by=success.run_id if success is not None and is_later else None,
    )


def _upstream_first(runs: Sequence[TaskRun]) -> list[TaskRun]:
    by_id: dict[str, TaskRun] = {run.run_id: run for run in runs}
    parents = {name: [parent.run_id for parent in run.parents] for name, run in by_id.items()}
    return [by_id[name] for name in upstream_first(parents)]


def _described(run: TaskRun) -> RootRun:
    error = run.attempt.error if run.attempt is not None else None
    return RootRun(task=run.title, run_id=run.run_id, status=run.status, error=error or run.reason)


def _root(skipped: TaskRun) -> RootRun:
    """Return the root that a skipped run names; the root itself has been deleted."""
    root = skipped.skip and skipped.skip.root
    if root is None:
        return _described(skipped)
    return RootRun(task=root.task, run_id=root.run_id, status=root.status, error=skipped.reason)
