"""The runs that gates make: what starts them, and what they take from their parents."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.application.ports import RunReader
from polysync_core.application.runs.accepting import RunFactory, RunSpec
from polysync_core.application.runs.finishing import ACTOR, failure
from polysync_core.application.runs.queries import newest_run, newest_success
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dependencies.decisions import Firing
from polysync_core.domain.dependencies.mappings import mapped_values, needed_parents
from polysync_core.domain.dependencies.tokens import SCHEDULE, ScheduledFire, Token, token_of
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import (
    Outcome,
    Parent,
    RunStatus,
    TaskRun,
    TriggerType,
)
from polysync_core.domain.runs.stored import Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class DependentRuns:
    """Makes the runs that a gate has decided on; nothing is stored here."""

    runs: RunReader
    factory: RunFactory

    def run_of(self, task: Task, firing: Firing, *, at: datetime) -> TaskRun:
        """Return the run that a firing means: one that waits, or one that has ended already."""
        spec = _spec(firing, at)
        reason = firing.skipped or ("" if task.enabled else f"Task '{task.name}' is disabled.")
        if reason:
            outcome = Outcome(status=RunStatus.SKIPPED, reason=reason)
            return self.factory.finished_run(task, spec, outcome)
        try:
            mapped = self._mapped(task, firing)
            full = replace(spec, parameters={**spec.parameters, **mapped})
            return self.factory.queued_run(task, full)
        except Invalid as error:
            return self.refused(task, firing, at, str(error))

    def refused(self, task: Task, firing: Firing, at: datetime, why: str) -> TaskRun:
        """Return the run of a firing that cannot start with what its parents give it."""
        outcome = failure(FailureCause.PARAMETERS, why)
        return self.factory.finished_run(task, _spec(firing, at), outcome)

    def recall(self, task: Task, edge: str, graph_runs: Collection[RunId]) -> Token | None:
        """Return what an edge of a Task had in the graph runs that are repeated in part.

        A repetition that has succeeded since counts before them. An upstream that had no run in
        them is taken as it was when it last succeeded.
        """
        if edge == SCHEDULE:
            return self._recall_fire_time(task, graph_runs)
        again = newest_success(self.runs, edge)
        if again is not None and not set(graph_runs).isdisjoint(again.repeats):
            return token_of(again)
        for graph_run_id in graph_runs:
            run = newest_run(self.runs, Listing(task=edge, graph_run_id=graph_run_id))
            if run is not None:
                return token_of(run) if run.status.is_terminal else None
        return None if again is None else token_of(again)

    def _recall_fire_time(self, task: Task, graph_runs: Collection[RunId]) -> Token | None:
        schedules = {schedule.name: schedule for schedule in task.schedules}
        for graph_run_id in graph_runs:
            run = newest_run(self.runs, Listing(task=task.name, graph_run_id=graph_run_id))
            if run is None or run.schedule is None or run.scheduled_time is None:
                continue
            schedule = schedules.get(run.schedule)
            return replace(
                token_of(run),
                edge=SCHEDULE,
                status=RunStatus.SUCCEEDED,
                fire=ScheduledFire(
                    schedule=run.schedule,
                    nominal=run.scheduled_time,
                    time_zone=run.time_zone or "UTC",
                    parameters=schedule.parameters if schedule is not None else {},
                ),
            )
        return None

    def _mapped(self, task: Task, firing: Firing) -> dict[str, JsonValue]:
        wanted = set(needed_parents(task, {}))
        if not wanted:
            return {}
        edges = {token.run_id: token.edge for token in firing.sources if token.edge in wanted}
        found = (stored.run for stored in self.runs.get_many(edges))
        parents = {edges[run.run_id]: run for run in found}
        return mapped_values(task, self.factory.job_named(task.job), parents, {})


def _spec(firing: Firing, at: datetime) -> RunSpec:
    upstream = [token for token in (*firing.used, *firing.recalled) if token.fire is None]
    own = [token for token in firing.used if token.fire is None]
    last = max(own, key=lambda each: each.age, default=None)
    timed = next((token for token in firing.sources if token.fire is not None), last)
    fire = timed and timed.fire
    return RunSpec(
        run_id=firing.run_id,
        trigger_type=TriggerType.DEPENDENCY,
        actor=ACTOR,
        parameters=fire.parameters if fire is not None else {},
        graph_run_id=last and last.graph_run_id,
        parents=tuple(Parent(task=token.edge, run_id=token.run_id) for token in upstream),
        schedule=fire and fire.schedule,
        scheduled_time=timed and timed.scheduled_time,
        time_zone=timed and timed.time_zone,
        origins=tuple(dict.fromkeys(origin for token in own for origin in token.origins)),
        repeats=tuple(dict.fromkeys(each for token in own for each in token.repeats)),
        at=at,
    )
