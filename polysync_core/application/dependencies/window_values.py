"""Supplies backfilled and manual runs with upstream outputs of `take: Window` dependencies.

A backfilled run waits for the windows of its scheduled time. A manual run takes the windows of the
newest fire time, which must be complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from polysync_core.application.dependencies.window_reader import WindowReader
from polysync_core.application.runs.accepting import RunSpec
from polysync_core.application.runs.finishing import failure
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Join, Take, Task
from polysync_core.domain.dependencies.decisions import unmet_sentence
from polysync_core.domain.dependencies.mappings import (
    Parents,
    mapped_inputs,
    mapped_values,
    needed_parents,
)
from polysync_core.domain.dependencies.tokens import (
    GateEdge,
    ScheduledFire,
    Token,
    edges_of,
    token_of,
    token_of_fire_time,
)
from polysync_core.domain.dependencies.windows import Window, times_text, token_of_window
from polysync_core.domain.errors import Invalid, NotFound
from polysync_core.domain.parameters import resolve
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import Parent, RunStatus, TaskRun
from polysync_core.domain.runs.skip import Skip, SkipKind
from polysync_core.domain.runs.stored import ActiveRun


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowValues:
    """Reads the windows of runs that no gate starts."""

    reader: WindowReader
    definitions: DefinitionReader
    clock: Clock

    def by_hand(self, task: Task, spec: RunSpec) -> RunSpec:
        """Return a run by hand with the values of the newest windows.

        A rerun takes the windows of the scheduled time that it repeats. Raises `Invalid` at each
        input whose window is not complete.
        """
        only = with_takes(task, Take.WINDOW)
        needed = needed_parents(only, spec.parameters)
        if not needed:
            return spec
        fire = _fire_of(spec) or self.reader.newest_fire(task, self.clock())
        parents: dict[str, list[TaskRun]] = {}
        for name in needed:
            window = None if fire is None else self.reader.read(task, name, fire)
            if window is None or window.awaited or window.fault is not None:
                raise Invalid.at(_input_of(only, name, spec), _incomplete(name, window))
            parents[name] = self.reader.outcomes(window.run_ids)
        return self._with_values(only, spec, parents)

    def _with_values(self, only: Task, spec: RunSpec, parents: Parents) -> RunSpec:
        mapped = mapped_values(only, self.definitions.job(only.job), parents, spec.parameters)
        return replace(
            spec,
            parameters={**spec.parameters, **mapped},
            mapped_inputs={**spec.mapped_inputs, **mapped_inputs(only, parents, mapped)},
            parents=(*spec.parents, *_parents(parents)),
        )

    def examine(self, run: TaskRun) -> TaskRun | Outcome | None:
        """Return a backfilled run with the values of its windows.

        None if it still waits for an outcome, and the outcome if it cannot start.
        """
        task, fire = self._task(run), _fire_of(run)
        if task is None or fire is None:
            return _with_parameters(run, None, {})
        windows = self._windows(task, fire)
        if any(window.awaited and window.fault is None for _, window in windows):
            return None
        tokens = [(edge, self._token(task, edge, window, fire)) for edge, window in windows]
        unmet = [(edge, token) for edge, token in tokens if not edge.is_met_by(token)]
        if unmet and not (task.join is Join.ANY and len(unmet) < len(edges_of(task)) - 1):
            return _skipped(unmet)
        parents = {token.edge: self._runs_of(token) for _, token in tokens}
        return _with_parameters(run, with_takes(task, Take.WINDOW), parents)

    def awaited(self, run: TaskRun) -> list[Window]:
        """Return the windows that a backfilled run waits for."""
        task, fire = self._task(run), _fire_of(run)
        if task is None or fire is None:
            return []
        return [window for _, window in self._windows(task, fire) if window.awaited]

    def holds(self, entry: ActiveRun, upstream: TaskRun) -> bool:
        """Return whether the window of a waiting run holds an upstream fire time."""
        task = self._named(entry.task)
        if task is None or entry.scheduled_time is None or upstream.scheduled_time is None:
            return False
        fire = ScheduledFire(
            schedule=entry.schedule_id or "",
            schedule_id=entry.schedule_id,
            scheduled_time=entry.scheduled_time,
            time_zone="UTC",
        )
        return self.reader.holds(task, upstream.task or "", fire, upstream.scheduled_time)

    def _windows(self, task: Task, fire: ScheduledFire) -> list[tuple[GateEdge, Window]]:
        edges = [edge for edge in edges_of(task) if edge.take is Take.WINDOW]
        read = partial(self.reader.read, task, fire=fire, is_past=True)
        return [(edge, read(edge.upstream)) for edge in edges]

    def _token(self, task: Task, edge: GateEdge, window: Window, fire: ScheduledFire) -> Token:
        outcomes = [token_of(run, task) for run in self.reader.outcomes(window.run_ids)]
        return token_of_window(edge, window, token_of_fire_time(task.identity, fire), outcomes)

    def _runs_of(self, token: Token) -> list[TaskRun]:
        return self.reader.outcomes([each.run_id for each in token.parts])

    def _task(self, run: TaskRun) -> Task | None:
        """Return the Task of a run; None if it was deleted, also if its name has a new Task."""
        task = self._named(run.task)
        return task if task is not None and task.row.born == run.born else None

    def _named(self, name: str | None) -> Task | None:
        try:
            return self.definitions.task(name or "")
        except NotFound:
            return None


def with_takes(task: Task, *takes: Take) -> Task:
    """Return a Task with its dependencies of some kinds only."""
    kept = tuple(each for each in task.dependencies if each.take in takes)
    return task.model_copy(update={"dependencies": kept})


def _with_parameters(run: TaskRun, only: Task | None, parents: Parents) -> TaskRun | Outcome:
    """Return a run with resolved parameters, or the failure; a deleted Task has no mappings."""
    try:
        values = {} if only is None else mapped_values(only, run.job, parents, {})
        parameters = resolve(run.job, {}, {**run.parameters, **values})
    except Invalid as error:
        return failure(FailureCause.PARAMETERS, str(error))
    sources = {} if only is None else mapped_inputs(only, parents, values)
    return replace(
        run,
        parameters=parameters,
        mapped_inputs={**run.mapped_inputs, **sources},
        parents=(*run.parents, *_parents(parents)),
    )


def _parents(parents: Parents) -> tuple[Parent, ...]:
    return tuple(
        Parent(task=name, run_id=run.run_id) for name, runs in parents.items() for run in runs
    )


def _fire_of(run: TaskRun | RunSpec) -> ScheduledFire | None:
    if run.schedule is None or run.scheduled_time is None:
        return None
    return ScheduledFire(
        schedule=run.schedule,
        schedule_id=run.schedule_id,
        scheduled_time=run.scheduled_time,
        time_zone=run.time_zone or "UTC",
    )


def _skipped(unmet: Sequence[tuple[GateEdge, Token]]) -> Outcome:
    edge, token = unmet[0]
    kind = SkipKind.UPSTREAM if edge.unmet(token) else SkipKind.INCOMPLETE
    causes = [each.root_cause for edge, token in unmet for each in edge.unmet(token)]
    skip = Skip(kind=kind, root=causes[0] if causes else None)
    reason = f"{unmet_sentence(edge, token)}."
    return Outcome(status=RunStatus.SKIPPED, reason=reason, skip=skip)


def _input_of(only: Task, upstream: str, spec: RunSpec) -> str:
    """Return the path of the first input that an upstream supplies."""
    names = (
        mapping.input
        for edge in only.dependencies
        for mapping in edge.mappings
        if edge.task == upstream and spec.parameters.get(mapping.input) is None
    )
    return f"parameters.{next(names)}"


def _incomplete(upstream: str, window: Window | None) -> str:
    """Return the reason why a run by hand cannot take a window."""
    if window is None:
        return "no schedule of the task has a fire time yet: give a value"
    if window.fault is not None:
        return f"task '{upstream}' {window.fault}, or give a value"
    return (
        f"the window of task '{upstream}' lacks the outcomes of {times_text(window.awaited)}: "
        "wait for them, backfill them, or give a value"
    )
