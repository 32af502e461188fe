"""What is owed once a run has ended: its dependents are told, then it leaves the active runs.

So a run that has ended and is still among the active ones tells that somebody has to go on, and a
crash anywhere leaves no dependent untold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from polysync_core.application.dependencies.gates import Gates
from polysync_core.application.ports import Engine, RunReader
from polysync_core.application.runs.accepting import RunFactory, waiting_message
from polysync_core.application.runs.finishing import RunFinisher
from polysync_core.application.runs.steps import DONE, StepResult
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.dependencies.tokens import FireTime
from polysync_core.domain.dispatch.codec import encode_policies, encode_waiting
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.state import Waiting
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.telemetry.tracing import on_behalf_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A run that has ended, and the Tasks that are still to be told of it."""

    run_id: RunId
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A run that wants to start: what its Dispatcher is to hear."""

    shard: str
    waiting: Waiting
    policies: PolicySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of telling some dependents."""

    starts: tuple[Start, ...] = ()
    debts: tuple[Debt, ...] = ()
    """Runs that ended as they came into being, and have dependents in their turn."""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "starts": [
                {
                    "shard": start.shard,
                    "waiting": encode_waiting(start.waiting),
                    "policies": encode_policies(start.policies),
                }
                for start in self.starts
            ],
            "debts": [{"run": debt.run_id, "tell": list(debt.tasks)} for debt in self.debts],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DependentNotifier:
    """Tells the dependents of runs that have ended; every step is safe to repeat."""

    runs: RunReader
    store: RunStore
    finisher: RunFinisher
    gates: Gates
    factory: RunFactory

    def begin(self, run_id: RunId) -> StepResult:
        """Say which Tasks are to be told of a run; of one that goes on, none yet."""
        run = self.store.read(run_id).run
        return self.finisher.after_run(run) if run.status.is_terminal else DONE

    def tell(self, run_id: RunId, tasks: Sequence[str]) -> Told:
        """Put a run's outcome into the gates of some dependents.

        A dependent that cannot be told keeps none of the others from being told.
        """
        run = self.store.read(run_id).run
        # What comes of a run is in its trace.
        with on_behalf_of(run):
            return self._tell(run, tasks)

    def _tell(self, run: TaskRun, tasks: Sequence[str]) -> Told:
        came: list[TaskRun] = []
        failures: list[PolysyncError] = []
        for task in tasks:
            try:
                came += self.gates.deliver(task, run)
            except PolysyncError as error:
                failures.append(error)
        told = self._told(came)
        if failures:
            raise failures[0]
        return told

    def settle(self, run_ids: Iterable[RunId]) -> StepResult:
        """Take runs whose dependents are all told off the active ones."""
        for stored in self.runs.get_many(run_ids):
            self.store.deactivate(stored.run)
        return DONE

    def fire(self, task: str, fire: FireTime, engine: Engine) -> None:
        """Put a fire time into the gate of its own Task, and start what comes of it."""
        for run in self.gates.deliver_fire_time(task, fire):
            if run.status is RunStatus.QUEUED:
                self.factory.enqueue(run, engine)
            elif run.status.is_terminal:
                self.finisher.start_notifying(run, engine)

    def _told(self, came: Iterable[TaskRun]) -> Told:
        starts: list[Start] = []
        debts: list[Debt] = []
        for run in came:
            if run.status is RunStatus.QUEUED:
                policies = self.factory.policies.of(run.task, run.job.platform)
                starts.append(Start(shard=run.shard, waiting=waiting_message(run), policies=policies))
            elif run.status.is_terminal:
                if tasks := self.finisher.dependents_of(run):
                    debts.append(Debt(run_id=run.run_id, tasks=tasks))
                else:
                    self.store.deactivate(run)
        return Told(starts=tuple(starts), debts=tuple(debts))
