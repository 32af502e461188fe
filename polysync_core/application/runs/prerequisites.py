"""Releases queued runs whose prerequisites (an earlier run, upstream windows) are met.

A run with an unmet prerequisite is stored and active, but its Dispatcher does not know the run. The
run is examined after its storage, after the end of each run of its schedule, and by the reconciler.
So one of these checks notices a run that ends while the next run is being stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, islice, takewhile
from typing import Protocol

from polysync_core.application.ports import RunReader
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Take, Task
from polysync_core.domain.dependencies.windows import Window, window_sentence
from polysync_core.domain.errors import NotFound
from polysync_core.domain.runs.attempts import Attempt, Outcome
from polysync_core.domain.runs.prerequisites import Prerequisite
from polysync_core.domain.runs.run import (
    SYSTEM_ACTOR,
    RunStatus,
    TaskRun,
    finish,
    note,
)
from polysync_core.domain.runs.stored import ActiveRun

MAX_WAITING = 100
"""The runs of one schedule that may wait; a further fire time is skipped."""
TOO_MANY_WAIT = (
    f"{MAX_WAITING} runs of the schedule wait for a run that has not succeeded: run it again, then "
    "backfill this fire time."
)
_MAX_FOLLOWING = 2_000
"""Entries of waiting runs that the end of an upstream run examines."""
_INSTANT = timedelta(milliseconds=1)
_US = SYSTEM_ACTOR
_ACCEPTANCE = timedelta(minutes=15)
"""A younger entry without a row belongs to a run that is being stored."""


class Windows(Protocol):
    """Examines the windows of backfilled runs."""

    def examine(self, run: TaskRun) -> TaskRun | Outcome | None:
        """Return the run with its values, its outcome, or None while it waits."""
        ...

    def awaited(self, run: TaskRun) -> Sequence[Window]:
        """Return the windows that a run waits for."""
        ...

    def holds(self, entry: ActiveRun, upstream: TaskRun) -> bool:
        """Return whether the window of a waiting run holds an upstream fire time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisites:
    """Examines the prerequisites of queued runs; every step may be repeated."""

    runs: RunReader
    store: RunStore
    definitions: DefinitionReader
    windows: Windows
    clock: Clock

    def released(self, run: TaskRun) -> TaskRun:
        """Return a queued run, without its unmet prerequisites if all of them are met now.

        A run whose windows do not meet the conditions has ended.
        """
        if not run.unmet or run.status is not RunStatus.QUEUED:
            return run
        before = self._before(run) if Prerequisite.PAST in run.unmet else None
        if before is not None and before.status is not RunStatus.SUCCEEDED:
            return self._blocked(run, before)
        examined = self.windows.examine(run) if Prerequisite.WINDOWS in run.unmet else run
        stored = self.store.read(run.run_id)
        if examined is None:
            return stored.run
        return self.store.update(stored, lambda run: self._examined(run, examined)).run

    def _blocked(self, run: TaskRun, before: ActiveRun) -> TaskRun:
        """Return a run that an earlier one blocks; a note names one that has ended."""
        stored = self.store.read(run.run_id)
        if before.status is None or not before.status.is_terminal:
            return stored.run
        return self.store.update(stored, lambda run: self._noted(run, before)).run

    def after_upstream(self, task: str, upstream: TaskRun) -> list[TaskRun]:
        """Return the waiting runs of a Task that an upstream outcome releases or ends."""
        found, at = self._task(task), upstream.scheduled_time
        if found is None or at is None or not _takes_windows(found, upstream):
            return []
        entries = self.runs.following(task, found.row.born, after=at - _INSTANT)
        passed: set[str | None] = set()
        changed: list[TaskRun] = []
        for entry in islice(entries, _MAX_FOLLOWING):
            if not self.windows.holds(entry, upstream):
                passed.add(entry.schedule_id)
            elif entry.status is None:
                changed += (self.released(each.run) for each in self.runs.get_many([entry.run_id]))
            if len(passed) >= len(found.schedules):
                break
        return [run for run in changed if not run.unmet or run.status.is_terminal]

    def after(self, ended: TaskRun) -> list[TaskRun]:
        """Return the runs that the end of a run of the same schedule releases."""
        if ended.task is None or ended.scheduled_time is None:
            return []
        entries = self.runs.following(ended.task, ended.born, after=ended.scheduled_time)
        own = (each for each in entries if each.schedule_id == ended.schedule_id)
        for _, same_time in groupby(own, key=_time):
            found = [each for each in self._present(same_time) if not _is_skipped(each)]
            if found:
                waiting = self.runs.get_many([each.run_id for each in found])
                released = [self.released(each.run) for each in waiting if each.run.unmet]
                return [run for run in released if not run.unmet]
        return []

    def has_room(self, task: Task, schedule_id: str, at: datetime) -> bool:
        """Return whether one more run of a schedule may wait."""
        entries = self.runs.earlier(task.name, task.row.born, before=at)
        own = (each for each in entries if each.schedule_id == schedule_id)
        waiting = takewhile(lambda each: each.status is None, islice(own, MAX_WAITING))
        return sum(1 for _ in waiting) < MAX_WAITING

    def sentences(self, run: TaskRun) -> Iterator[str]:
        """Describe the unmet prerequisites of a queued run."""
        before = self._before(run) if Prerequisite.PAST in run.unmet else None
        if before is not None and before.status is not RunStatus.SUCCEEDED:
            yield _sentence(before)
        if Prerequisite.WINDOWS in run.unmet:
            yield from map(window_sentence, self.windows.awaited(run))

    def _before(self, run: TaskRun) -> ActiveRun | None:
        """Return the newest run of the fire time before; None if the run may start.

        Skipped runs do not count. A Task that does not depend on its past any more, or was deleted,
        releases its runs.
        """
        if run.scheduled_time is None or not self._depends_on_past(run):
            return None
        entries = self.runs.earlier(run.task or "", run.born, before=run.scheduled_time)
        own = (each for each in entries if each.schedule_id == run.schedule_id)
        for _, same_time in groupby(own, key=_time):
            found = [each for each in self._present(same_time) if not _is_skipped(each)]
            if found:
                return max(found, key=lambda each: (each.queued_at, each.run_id))
        return None

    def _depends_on_past(self, run: TaskRun) -> bool:
        task = self._task(run.task or "")
        return task is not None and task.row.born == run.born and task.depends_on_past

    def _task(self, name: str) -> Task | None:
        try:
            return self.definitions.task(name)
        except NotFound:
            return None

    def _present(self, entries: Iterable[ActiveRun]) -> Iterator[ActiveRun]:
        """Yield the entries of runs that exist, each with its present status."""
        unsure: dict[str, ActiveRun] = {}
        for entry in entries:
            if entry.status is None:
                unsure[entry.run_id] = entry
            else:
                yield entry
        stored = self.runs.get_many([each.run_id for each in unsure.values()])
        rows = {each.run.run_id: each.run for each in stored}
        for run_id, entry in unsure.items():
            row = rows.get(entry.run_id)
            if row is not None and row.queued_at == entry.queued_at:
                yield replace(ActiveRun.of(row), status=row.status)
            elif row is None and self.clock() - unsure[run_id].queued_at < _ACCEPTANCE:
                yield entry

    def _examined(self, run: TaskRun, examined: TaskRun | Outcome) -> TaskRun | None:
        """Return a queued run whose prerequisites are met, or one that ends by its windows."""
        if run.status is not RunStatus.QUEUED or not run.unmet:
            return None
        if isinstance(examined, Outcome):
            ended = replace(run, unmet=())
            if examined.cause is not None:
                ended = replace(ended, attempts=(Attempt(number=1),))
            return finish(ended, examined, at=self.clock(), actor=_US)
        met = replace(
            run,
            unmet=(),
            reason="Waiting for its start.",
            parameters=examined.parameters,
            parents=examined.parents,
            mapped_inputs=examined.mapped_inputs,
        )
        return note(met, "The run waits for no other run.", at=self.clock(), actor=_US)

    def _noted(self, run: TaskRun, before: ActiveRun) -> TaskRun | None:
        """Return a queued run with a note about the run that blocks it."""
        if run.status is not RunStatus.QUEUED or not run.unmet or run.reason == _sentence(before):
            return None
        reason = _sentence(before)
        return note(replace(run, reason=reason), reason, at=self.clock(), actor=_US)


def _takes_windows(task: Task, upstream: TaskRun) -> bool:
    edges = (each for each in task.dependencies if each.task == upstream.task)
    return any(each.take is Take.WINDOW for each in edges)


def _time(entry: ActiveRun) -> datetime | None:
    return entry.scheduled_time


def _is_skipped(entry: ActiveRun) -> bool:
    return entry.status is RunStatus.SKIPPED


def _sentence(before: ActiveRun) -> str:
    """Return a sentence about the run that blocks another one."""
    time = (
        "" if before.scheduled_time is None else f" of {before.scheduled_time:%Y-%m-%dT%H:%M:%SZ}"
    )
    subject = f"The run waits for run {before.run_id}{time}"
    if before.status is None or not before.status.is_terminal:
        return f"{subject}, which has not ended."
    return f"{subject}, which ended as {before.status}: run it again, and this run follows."
