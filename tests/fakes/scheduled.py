"""The use cases of schedules on in-memory tables, with a fake clock and engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.definitions.policies import Policies
from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.ports import Engine
from polysync_core.application.runs.accepting import RunFactory
from polysync_core.application.runs.finishing import RunFinisher
from polysync_core.application.runs.store import RunStore
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.application.schedules.backfill import Backfill, BackfillRequest
from polysync_core.application.schedules.firing import ScheduleProcessor
from polysync_core.application.schedules.service import ScheduleService
from polysync_core.application.schedules.syncing import ScheduleSync
from polysync_core.application.schedules.tick import ScheduleTick, Tally
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.checks import Rules
from polysync_core.domain.definitions.document import Reference, read_definition
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.dependencies.tokens import ScheduledFire
from polysync_core.domain.runs.run import Outcome, RunStatus, TaskRun, begin_attempt, finish
from polysync_core.domain.runs.stored import Listing
from polysync_core.storage.azure.tables import AzureTables
from polysync_core.storage.definitions import TableDefinitions
from polysync_core.storage.runs import TableRuns
from polysync_core.storage.schedules import TableSchedules
from tests.fakes.builders import FakeClock
from tests.fakes.definitions import definition_writer, editing_of
from tests.fakes.engine import FakeEngine
from tests.fakes.events import FakePublisher
from tests.fakes.tables import TableService

PLATFORM = {
    "name": "lakehouse",
    "type": "AzureDatabricks",
    "auth": {"method": "DefaultCredential"},
    "attributes": {"workspaceUrl": "https://adb-1.2.azuredatabricks.net"},
}
JOB = {
    "name": "load",
    "platform": "lakehouse",
    "jobType": "DatabricksNotebook",
    "externalId": "/etl/load",
    "parameters": [{"name": "day", "default": "x"}, {"name": "mode", "default": "whole"}],
}
DAILY = {"name": "daily", "cron": "0 6 * * *"}
MINUTELY = {"name": "minutely", "cron": "* * * * *"}


def a_task(*schedules: dict[str, Any], name: str = "load-daily", **facts: Any) -> dict[str, Any]:
    return {"name": name, "job": "load", "schedules": list(schedules), **facts}


@dataclass
class FakeGate:
    """Records the delivered fire times."""

    fires: list[tuple[str, ScheduledFire]] = field(default_factory=list)

    def deliver_fire_time(self, task: str, fire: ScheduledFire, engine: Engine) -> None:
        self.fires.append((task, fire))


class Scheduled:
    """The use cases of schedules with in-memory tables; one Task at a time by default."""

    def __init__(self, storage: AzureTables | None = None, *, at_once: int = 1) -> None:
        self.tables = TableService()
        self.clock, self.engine, self.gate = FakeClock(), FakeEngine(), FakeGate()
        self.engine.clock = self.clock
        self.at_once = at_once
        self.start(storage or self.tables.storage())
        self.define(Kind.PLATFORM, PLATFORM)
        self.define(Kind.JOB, JOB)

    def start(self, storage: AzureTables) -> None:
        """Compose the use cases as a new process does."""
        clock = self.clock
        stored = TableDefinitions(storage, clock=clock)
        self.store = TableSchedules(storage, clock=clock)
        self.sync = ScheduleSync(definitions=stored, store=self.store, clock=clock)
        self.stored_definitions = stored
        self.definitions = DefinitionLookup(stored)
        self.editing = editing_of(stored, Rules(), self.sync)
        self.runs = TableRuns(storage)
        store = RunStore(self.runs, FakePublisher())
        finisher = RunFinisher(store=store, task_graph=TaskGraphCache(stored), clock=clock)
        connections = Connections(self.definitions, lambda _: self._no_connector())
        factory = RunFactory(
            store=store,
            definitions=self.definitions,
            connections=connections,
            policies=Policies(stored.get),
            clock=clock,
        )
        self.task_runs = TaskRuns(
            runs=self.runs,
            store=store,
            definitions=self.definitions,
            factory=factory,
            finisher=finisher,
            clock=clock,
        )
        self.schedules = ScheduleService(
            definitions=self.definitions,
            store=self.store,
            sync=self.sync,
            clock=clock,
        )
        self.backfiller = Backfill(
            runs=self.runs,
            definitions=self.definitions,
            store=self.store,
            factory=factory,
            prepare=self.task_runs.with_parents,
            clock=clock,
        )
        self.ticker = ScheduleTick(
            definitions=self.definitions,
            store=self.store,
            sync=self.sync,
            processor=ScheduleProcessor(
                runs=self.runs,
                store=self.store,
                factory=factory,
                finisher=finisher,
                gate=self.gate,
                cancel=partial(self.task_runs.cancel, actor="polysync"),
                clock=clock,
            ),
            connections=connections,
            clock=clock,
            workers=self.at_once,
        )

    def writes(self, definition: Definition, *, replacing: StoredDefinition[Definition]) -> None:
        """Write an unchecked definition in place of the version that a test has read."""
        with definition_writer(self.stored_definitions, self.sync).edit(None) as edit:
            edit.put(definition, replacing=replacing)

    def define(self, kind: Kind, raw: dict[str, Any]) -> None:
        self.editing.put(read_definition(kind, raw), engine=None)

    def task(self, *schedules: dict[str, Any], name: str = "load-daily", **facts: Any) -> None:
        """Define or redefine a Task with schedules."""
        self.define(Kind.TASK, a_task(*schedules, name=name, **facts))

    def delete(self, name: str = "load-daily") -> None:
        self.editing.delete(Reference(Kind.TASK, name), engine=None)

    def tick(self, **later: float) -> Tally:
        """Advance the clock, then run one tick."""
        self.clock.advance(**later)
        return self.ticker.tick(self.engine)

    def backfill(self, begin: Any, end: Any, **facts: Any) -> Any:
        request = BackfillRequest(
            task="load-daily", begin=begin, end=end, **{"actor": "test"} | facts
        )
        return self.backfiller.backfill(request, self.engine)

    def made(self, status: RunStatus | None = None, task: str = "load-daily") -> list[TaskRun]:
        """Return the runs of a Task, oldest fire time first."""
        found: list[TaskRun] = []
        token = None
        while True:
            page = self.runs.page(
                Listing(status=status, task=task, limit=100, continuation_token=token)
            )
            found += page.items
            if (token := page.continuation_token) is None:
                return sorted(found, key=lambda run: (run.scheduled_time, run.queued_at))

    def times(self, status: RunStatus | None = RunStatus.QUEUED) -> list[str]:
        """Return the fire times of runs as day, hour and minute."""
        return [f"{run.scheduled_time:%d %H:%M}" for run in self.made(status)]

    def end(self, run: TaskRun, status: RunStatus = RunStatus.SUCCEEDED) -> None:
        """Start and end a run."""
        stored = self.runs.get(run.run_id)
        assert stored is not None
        running = begin_attempt(stored.run, at=self.clock(), actor="test")
        done = finish(running, Outcome(status=status, reason=""), at=self.clock(), actor="test")
        self.runs.save(stored, done)
        self.runs.deactivate(done)
        self.engine.release("main", run.run_id, 1)

    def _no_connector(self) -> Any:
        return None
