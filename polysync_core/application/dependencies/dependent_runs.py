"""Creates the runs that dependency gates decide on, and rebuilds gate tokens for reruns."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.application.ports import RunReader
from polysync_core.application.runs.accepting import RunFactory, RunSpec
from polysync_core.application.runs.finishing import ACTOR, failure
from polysync_core.application.runs.prerequisites import TOO_MANY_WAIT
from polysync_core.application.runs.run_lookup import newest_of, newest_success
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dependencies.decisions import GateDecision
from polysync_core.domain.dependencies.mappings import mapped_inputs, mapped_values, needed_parents
from polysync_core.domain.dependencies.stored_gate import PendingDecision
from polysync_core.domain.dependencies.tokens import SCHEDULE, ScheduledFire, Token, token_of
from polysync_core.domain.errors import Invalid, TooLarge
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import Parent, RunStatus, TaskRun, TriggerType
from polysync_core.domain.runs.skip import Skip, SkipKind
from polysync_core.domain.runs.status import TERMINAL_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class DependentRuns:
    """Creates the runs that gates decide on, and recalls tokens for reruns."""

    runs: RunReader
    factory: RunFactory

    def ensure(
        self, task: Task, pending: PendingDecision, decision: GateDecision | None
    ) -> TaskRun | None:
        """Return the stored run of a decision; create it if it does not exist.

        `decision` is None if tokens of the pending decision are gone, so the run exists. A void
        decision has no run.
        """
        if pending.void:
            return None
        if decision is not None:
            created = self._create(task, decision, pending.decided_at)
            if created is not None:
                return created
        stored = self.runs.get(pending.run_id)
        return None if stored is None else stored.run

    def recall(self, task: Task, edge: str, graph_runs: Collection[RunId]) -> Token | None:
        """Return the token of an edge in the graph runs that a rerun repeats.

        A later rerun of the upstream that succeeded takes precedence. If the upstream had no run
        in the graph runs, its newest success counts.
        """
        if edge == SCHEDULE:
            return self._recall_fire_time(task, graph_runs)
        upstream = self.factory.definitions.task(edge)
        success = newest_success(self.runs, upstream)
        if success is not None and not set(graph_runs).isdisjoint(success.repeats):
            return token_of(success, task)
        for graph_run_id in graph_runs:
            run = newest_of(self.runs, upstream, Listing(graph_run_id=graph_run_id))
            if run is not None:
                return token_of(run, task) if run.status.is_terminal else None
        return None if success is None else token_of(success, task)

    def latest(self, task: Task, edge: str) -> Token | None:
        """Return the newest outcome of an upstream; None before the first one."""
        upstream = self.factory.definitions.task(edge)
        run = newest_of(self.runs, upstream, Listing(statuses=TERMINAL_STATUSES))
        return None if run is None else token_of(run, task)

    def _create(self, task: Task, decision: GateDecision, at: datetime) -> TaskRun | None:
        """Store the run of a decision; return None if the run exists."""
        try:
            stored = self.factory.create(self._run(task, decision, at))
        except TooLarge as error:
            stored = self.factory.create(self._failed_run(task, decision, at, str(error)))
        return None if stored is None else stored.run

    def _run(self, task: Task, decision: GateDecision, at: datetime) -> TaskRun:
        """Return the run of a decision: queued, skipped, or failed because of its parameters."""
        spec = _spec(decision, at)
        if (skipped := self._skipped(task, decision, spec)) is not None:
            return self.factory.finished_run(task, spec, skipped)
        try:
            spec = self._with_mapped_values(task, decision, spec)
            return self.factory.queued_run(task, spec)
        except Invalid as error:
            return self._failed_run(task, decision, at, str(error))

    def _skipped(self, task: Task, decision: GateDecision, spec: RunSpec) -> Outcome | None:
        """Return the outcome of a decision that skips the Task; None if the Task starts."""
        reason, skip = decision.skip_reason, decision.skip
        if reason is None and not task.enabled:
            reason, skip = f"Task '{task.name}' is disabled.", Skip(kind=SkipKind.TASK_DISABLED)
        if reason is None and task.depends_on_past and spec.schedule_id and spec.scheduled_time:
            waits = self.factory.prerequisites
            if not waits.has_room(task, spec.schedule_id, spec.scheduled_time):
                reason, skip = TOO_MANY_WAIT, Skip(kind=SkipKind.PAST)
        if reason is None:
            return None
        return Outcome(status=RunStatus.SKIPPED, reason=reason, skip=skip)

    def _failed_run(self, task: Task, decision: GateDecision, at: datetime, error: str) -> TaskRun:
        """Return a run that fails because the outputs of its parents do not fit."""
        outcome = failure(FailureCause.PARAMETERS, error)
        return self.factory.finished_run(task, _spec(decision, at), outcome)

    def _recall_fire_time(self, task: Task, graph_runs: Collection[RunId]) -> Token | None:
        schedules = {schedule.name: schedule for schedule in task.schedules}
        for graph_run_id in graph_runs:
            run = newest_of(self.runs, task, Listing(graph_run_id=graph_run_id))
            if run is None or run.schedule is None or run.scheduled_time is None:
                continue
            schedule = schedules.get(run.schedule)
            return replace(
                token_of(run, task),
                edge=SCHEDULE,
                status=RunStatus.SUCCEEDED,
                fire=ScheduledFire(
                    schedule=run.schedule,
                    scheduled_time=run.scheduled_time,
                    time_zone=run.time_zone or "UTC",
                    parameters=schedule.parameters if schedule is not None else {},
                    schedule_id=run.schedule_id,
                ),
            )
        return None

    def _with_mapped_values(self, task: Task, decision: GateDecision, spec: RunSpec) -> RunSpec:
        needed = set(needed_parents(task, {}))
        if not needed:
            return spec
        edges = {
            outcome.run_id: token.edge
            for token in decision.sources
            if token.edge in needed
            for outcome in token.outcomes
        }
        parents: dict[str, list[TaskRun]] = {}
        for stored in self.runs.get_many(edges):
            parents.setdefault(edges[stored.run.run_id], []).append(stored.run)
        mapped = mapped_values(task, self.factory.definitions.job(task.job), parents, {})
        return replace(
            spec,
            parameters={**spec.parameters, **mapped},
            mapped_inputs=mapped_inputs(task, parents, mapped),
        )


def _spec(decision: GateDecision, at: datetime) -> RunSpec:
    """Return the facts of a dependent run that its tokens determine."""
    tokens = (*decision.used, *decision.recalled)
    upstream = [each for token in tokens if token.fire is None for each in token.outcomes]
    own = [token for token in decision.used if token.fire is None]
    backfilled = max((each for each in own if each.backfill_id), key=_age, default=None)
    last = max(own, key=_age, default=None)
    timed = next((token for token in decision.sources if token.fire is not None), last)
    fire = timed and timed.fire
    return RunSpec(
        run_id=decision.run_id,
        trigger_type=TriggerType.DEPENDENCY,
        actor=ACTOR,
        parameters=fire.parameters if fire is not None else {},
        graph_run_id=last and last.graph_run_id,
        parents=tuple(Parent(task=token.edge, run_id=token.run_id) for token in upstream),
        schedule=fire and fire.schedule,
        schedule_id=fire and fire.schedule_id,
        scheduled_time=timed and timed.scheduled_time,
        time_zone=timed and timed.time_zone,
        origins=tuple(dict.fromkeys(origin for token in own for origin in token.origins)),
        repeats=tuple(dict.fromkeys(each for token in own for each in token.repeats)),
        backfill_id=backfilled and backfilled.backfill_id,
        backfill_limit=backfilled and backfilled.backfill_limit,
        at=at,
    )


def _age(token: Token) -> tuple[datetime, RunId]:
    return token.age
