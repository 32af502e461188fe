"""Gates on in-memory tables, with the Tasks of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.dependencies.dependent_notifier import DependentNotifier
from polysync_core.application.dependencies.dependent_runs import DependentRuns
from polysync_core.application.dependencies.gates import Gates
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.runs.accepting import RunFactory, RunSpec
from polysync_core.application.runs.finishing import RunFinisher
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.tasks import Condition, Dependency, Task
from polysync_core.domain.errors import NotFound
from polysync_core.domain.runs.identity import RunId, derived_run_id
from polysync_core.domain.runs.outputs import Outputs
from polysync_core.domain.runs.run import (
    Outcome,
    RunStatus,
    TaskRun,
    TriggerType,
    begin_attempt,
    finish,
)
from polysync_core.storage.gates import TableGates
from polysync_core.storage.runs import TableRuns
from tests.fakes.builders import FakeClock, a_job
from tests.fakes.definitions import FakeDefinitions, definition_reader
from tests.fakes.events import FakePublisher
from tests.fakes.platform import FakePlatform
from tests.fakes.policies import policies_of
from tests.fakes.tables import TableService

PLATFORM = Platform(
    name="lakehouse",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
)


def after(*tasks: str, condition: Condition = Condition.ON_SUCCESS) -> tuple[Dependency, ...]:
    return tuple(Dependency(task=task, condition=condition) for task in tasks)


class _InTurn:
    map = staticmethod(map)


class GateWorld:
    """Tasks with their runs and gates; a test ends the runs."""

    def __init__(self, *tasks: Task, job: Job | None = None) -> None:
        self.clock = FakeClock()
        self.tables = TableService()
        self.definitions = FakeDefinitions()
        self.job = job or a_job(name="job")
        self.definitions.put(self.job, replacing=None)
        for task in tasks:
            self.define(task)
        self.begin_anew()

    def begin_anew(self) -> None:
        """Start a new process with empty caches."""
        storage = self.tables.storage()
        self.runs = TableRuns(storage)
        self.runs._readers = _InTurn()  # type: ignore[assignment]
        self.store = TableGates(storage)
        self.task_graph = TaskGraphCache(self.definitions)
        self.run_store = RunStore(self.runs, FakePublisher())
        self.finisher = RunFinisher(
            store=self.run_store, task_graph=self.task_graph, clock=self.clock
        )
        self.factory = RunFactory(
            store=self.run_store,
            definitions=DefinitionLookup(self.definitions),
            connections=Connections(definition_reader(PLATFORM), lambda _: FakePlatform()),
            policies=policies_of(PLATFORM),
            clock=self.clock,
        )
        self.gates = Gates(
            store=self.store,
            definitions=DefinitionLookup(self.definitions),
            task_graph=self.task_graph,
            dependent_runs=DependentRuns(runs=self.runs, factory=self.factory),
            clock=self.clock,
        )
        self.notifier = DependentNotifier(
            runs=self.runs,
            store=self.run_store,
            finisher=self.finisher,
            gates=self.gates,
            factory=self.factory,
        )

    def define(self, task: Task) -> None:
        before = self.definitions.get(Kind.TASK, task.name)
        self.definitions.put(task, replacing=before)
        if hasattr(self, "task_graph"):
            self.begin_anew()

    def task(self, name: str) -> Task:
        stored = self.definitions.get(Kind.TASK, name)
        if stored is None or not isinstance(stored.definition, Task):
            raise NotFound(f"There is no task '{name}'.")
        return stored.definition

    def start(self, task: str, name: str = "", **facts: Any) -> TaskRun:
        """Accept a root run."""
        self.clock.advance(seconds=1)
        run_id = derived_run_id("test", task, name or self.clock().isoformat())
        spec = RunSpec(run_id=run_id, trigger_type=TriggerType.MANUAL, actor="test", **facts)
        stored = self.factory.create(self.factory.queued_run(self.task(task), spec))
        assert stored is not None
        return stored.run

    def end(self, run: TaskRun, status: RunStatus = RunStatus.SUCCEEDED, **outputs: Any) -> TaskRun:
        """End a run without a notification."""
        self.clock.advance(seconds=1)
        stored = self.runs.get(run.run_id)
        assert stored is not None
        cause = FailureCause.ARTEFACT if status is RunStatus.FAILED else None
        begun = begin_attempt(stored.run, at=self.clock(), actor="test")
        outcome = Outcome(
            status=status, reason="over", cause=cause, outputs=Outputs(values=outputs)
        )
        return self.runs.save(stored, finish(begun, outcome, at=self.clock(), actor="test")).run

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
        rows: Iterable[tuple[str, str]] = self.tables.tables.get("Runs", {})
        found = [self.read(RunId(key)) for _, key in rows]
        wanted: Callable[[TaskRun], bool] = lambda run: not tasks or run.task in tasks  # noqa: E731
        return sorted(filter(wanted, found), key=lambda run: (run.queued_at, run.task))
