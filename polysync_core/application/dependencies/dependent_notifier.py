"""Delivers the outcomes of ended runs, and fire times, to the gates of dependent Tasks.

A run stays active until all its dependents are notified. After a crash, the reconciler therefore
finds the run and starts again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from polysync_core.application.dependencies.gates import Gates
from polysync_core.application.ports import Engine, RunReader
from polysync_core.application.runs.accepting import RunFactory, waiting_message
from polysync_core.application.runs.finishing import RunFinisher
from polysync_core.application.runs.step_result import DONE, StepResult
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.dependencies.tokens import ScheduledFire
from polysync_core.domain.dispatch.codec import encode_policies, encode_waiting
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.state import WaitingRun
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.runs.failures.problem import Failure, ProblemKind, ProblemStep
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.interruptions import with_failure, without_problem
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.telemetry.tracing import on_behalf_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingNotification:
    """A run that has ended, and the Tasks that are not notified yet."""

    run_id: RunId
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRequest:
    """A queued run with the policies that its Dispatcher needs to start it."""

    shard: str
    waiting: WaitingRun
    policies: PolicySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """The runs that resulted from notifying some dependents."""

    dispatch: tuple[DispatchRequest, ...] = ()
    pending: tuple[PendingNotification, ...] = ()
    """Runs that were created with a terminal status and have dependents themselves."""

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain JSON."""
        return {
            "dispatch": [
                {
                    "shard": each.shard,
                    "waiting": encode_waiting(each.waiting),
                    "policies": encode_policies(each.policies),
                }
                for each in self.dispatch
            ],
            "pending": [{"run": each.run_id, "notify": list(each.tasks)} for each in self.pending],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DependentNotifier:
    """Notifies dependents; every step may be repeated."""

    runs: RunReader
    store: RunStore
    finisher: RunFinisher
    gates: Gates
    factory: RunFactory
    clock: Clock

    def find_dependents(self, run_id: RunId) -> StepResult:
        """Return the Tasks to notify of a run; a run that has not ended has none yet."""
        run = self.store.read(run_id).run
        return self.finisher.after_run(run) if run.status.is_terminal else DONE

    def notify(self, run_id: RunId, tasks: Sequence[str]) -> Notified:
        """Deliver the outcome of a run to the gates of some dependents.

        A failure at one gate does not stop the delivery to the others. The first failure is raised
        after all deliveries.
        """
        # The outcome of an ended run never changes.
        run = self.store.recall(run_id, lambda run: run.status.is_terminal).stored.run
        # The runs that result belong to the trace of this run.
        with on_behalf_of(run):
            return self._notify(run, tasks)

    def deactivate(self, run_ids: Iterable[RunId]) -> StepResult:
        """Deactivate runs whose dependents are all notified."""
        for stored in self.runs.get_many(run_ids):
            cleared = self.store.update(stored, self._without_problem)
            self.store.deactivate(cleared.run)
        return DONE

    def record_fault(self, run_id: RunId, fault: str) -> None:
        """Write to the row of an ended run that its dependents could not be notified."""
        self.store.update(self.store.read(run_id), lambda run: self._with_fault(run, fault))

    def _with_fault(self, run: TaskRun, fault: str) -> TaskRun:
        failure = Failure(
            step=ProblemStep.NOTIFY, kind=ProblemKind.UNREACHABLE, target="Polysync", message=fault
        )
        return with_failure(run, failure, at=self.clock())

    def _without_problem(self, run: TaskRun) -> TaskRun:
        return without_problem(run, ProblemStep.NOTIFY, at=self.clock())

    def deliver_fire_time(self, task: str, fire: ScheduledFire, engine: Engine) -> None:
        """Deliver a fire time to the gate of its own Task; enqueue the created runs."""
        self._continue(self.gates.deliver_fire_time(task, fire), engine)

    def execute_wait_limits(self, engine: Engine) -> None:
        """Decide the gates again whose fire times have waited up to their limit.

        A limit is removed last, so a crash repeats it. A gate that fails stops no other gate.
        """
        failures: list[PolysyncError] = []
        for limit in self.gates.due_wait_limits():
            try:
                self._continue(self.gates.execute_wait_limit(limit), engine)
                self.gates.wait_limits.remove(limit)
            except PolysyncError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _continue(self, created: Iterable[TaskRun], engine: Engine) -> None:
        """Enqueue the created runs, and notify the dependents of those that have ended."""
        for run in created:
            if run.status is RunStatus.QUEUED:
                self.factory.enqueue(run, engine)
            elif run.status.is_terminal:
                self.finisher.start_notifying(run, engine)

    def _notify(self, run: TaskRun, tasks: Sequence[str]) -> Notified:
        created: list[TaskRun] = []
        failures: list[PolysyncError] = []
        for task in tasks:
            try:
                created += self._notify_one(task, run)
            except PolysyncError as error:
                failures.append(error)
        notified = self._notified(created)
        if failures:
            raise failures[0]
        return notified

    def _notify_one(self, task: str, run: TaskRun) -> list[TaskRun]:
        """Deliver an outcome to a gate, or to later runs of its own Task."""
        if task == run.task:
            return self.factory.prerequisites.after(run)
        return [
            *self.gates.deliver(task, run),
            *self.factory.prerequisites.after_upstream(task, run),
        ]

    def _notified(self, created: Iterable[TaskRun]) -> Notified:
        dispatch: list[DispatchRequest] = []
        pending: list[PendingNotification] = []
        for run in map(self.factory.prerequisites.released, created):
            if run.status is RunStatus.QUEUED and run.unmet:
                continue
            if run.status is RunStatus.QUEUED:
                policies = self.factory.policies.for_run(run.task, run.job.platform)
                dispatch.append(
                    DispatchRequest(
                        shard=run.shard, waiting=waiting_message(run), policies=policies
                    )
                )
            elif run.status.is_terminal:
                if tasks := self.finisher.dependents_of(run):
                    pending.append(PendingNotification(run_id=run.run_id, tasks=tasks))
                else:
                    self.store.deactivate(run)
        return Notified(dispatch=tuple(dispatch), pending=tuple(pending))
