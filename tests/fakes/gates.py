"""Defines a test app whose Tasks have dependencies, with runs that tests end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from polysync_core.application.dependencies.dependent_notifier import DependentNotifier
from polysync_core.application.dependencies.gates import Gates
from polysync_core.application.ports import GateStore
from polysync_core.application.runs.accepting import RunSpec
from polysync_core.application.runs.finishing import RunFinisher
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.tasks import Dependency, Task
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId, derived_run_id
from polysync_core.domain.runs.outputs import Outputs
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType, begin_attempt, finish
from tests.fakes.builders import a_job, a_platform
from tests.fakes.world import AppWorld


def after(*tasks: str, condition: Condition = Condition.ON_SUCCESS) -> tuple[Dependency, ...]:
    return tuple(Dependency(task=task, condition=condition) for task in tasks)


class GateWorld(AppWorld):
    """Tasks with their runs and gates."""

    def __init__(self, *tasks: Task, job: Job | None = None) -> None:
        super().__init__(a_platform(), job or a_job(name="job"), *tasks)
        self.define = self.app.define

    @property
    def store(self) -> GateStore:
        return self.services.ports.gates

    @property
    def finisher(self) -> RunFinisher:
        return self.services.run_finisher

    @property
    def gates(self) -> Gates:
        return self.services.gates

    @property
    def notifier(self) -> DependentNotifier:
        return self.services.dependent_notifier

    def start(self, task: str, name: str = "", **facts: Any) -> TaskRun:
        """Accept a root run."""
        self.app.clock.advance(seconds=1)
        run_id = derived_run_id("test", task, name or self.app.clock().isoformat())
        spec = RunSpec(run_id=run_id, trigger_type=TriggerType.MANUAL, actor="test", **facts)
        factory = self.services.run_factory
        stored = factory.create(factory.queued_run(self.services.definitions.task(task), spec))
        assert stored is not None
        return stored.run

    def end(self, run: TaskRun, status: RunStatus = RunStatus.SUCCEEDED, **outputs: Any) -> TaskRun:
        """End a run without a notification."""
        self.app.clock.advance(seconds=1)
        stored = self.runs.get(run.run_id)
        assert stored is not None
        cause = FailureCause.ARTEFACT if status is RunStatus.FAILED else None
        begun = begin_attempt(stored.run, at=self.app.clock(), actor="test")
        outcome = Outcome(
            status=status, reason="over", cause=cause, outputs=Outputs(values=outputs)
        )
        ended = finish(begun, outcome, at=self.app.clock(), actor="test")
        return self.runs.save(stored, ended).run

    def notify_all(self, run: TaskRun) -> list[TaskRun]:
        """Notify all dependents, also of runs that end at once; return the created runs."""
        created: list[TaskRun] = []
        for child in self.finisher.dependents_of(run):
            for result in self.gates.deliver(child, run):
                created.append(result)
                if result.status.is_terminal:
                    created += self.notify_all(result)
        self.notifier.deactivate([run.run_id])
        return created

    def carry(
        self, run: TaskRun, status: RunStatus = RunStatus.SUCCEEDED, **outputs: Any
    ) -> list[TaskRun]:
        """End a run and notify its dependents."""
        return self.notify_all(self.end(run, status, **outputs))

    def run(self, task: str, status: RunStatus = RunStatus.SUCCEEDED, **facts: Any) -> TaskRun:
        """Start a root run, end it and notify its dependents."""
        run = self.start(task, **facts)
        self.carry(run, status)
        return self.read(run.run_id)

    def read(self, run_id: RunId) -> TaskRun:
        stored = self.runs.get(run_id)
        assert stored is not None
        return stored.run

    def all_runs(self, *tasks: str) -> list[TaskRun]:
        """Return the runs of the named Tasks or of all Tasks, oldest first."""
        rows = self.app.tables.tables.get("Runs", {})
        found = [self.read(RunId(key)) for _, key in rows]
        wanted: Callable[[TaskRun], bool] = lambda run: not tasks or run.task in tasks  # noqa: E731
        return sorted(filter(wanted, found), key=lambda run: (run.queued_at, run.task))
