"""Defines a test app whose Tasks have schedules, with ticks that tests trigger."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import Any

from polysync_core.application.ports import ScheduleStore
from polysync_core.application.schedules.backfill import BackfillRequest
from polysync_core.application.schedules.service import ScheduleService
from polysync_core.application.schedules.tick import Tally
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference, read_definition
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.outputs import Outputs
from polysync_core.domain.runs.run import RunStatus, TaskRun, begin_attempt, finish
from tests.fakes.builders import a_platform
from tests.fakes.world import AppWorld

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


class Scheduled(AppWorld):
    """Tasks with schedules; a test advances the clock and runs the ticks."""

    def __init__(self) -> None:
        super().__init__(a_platform(), read_definition(Kind.JOB, JOB))
        self.clock, self.engine, self.tables = self.app.clock, self.app.engine, self.app.tables

    @property
    def store(self) -> ScheduleStore:
        return self.services.ports.schedules

    @property
    def schedules(self) -> ScheduleService:
        return self.services.schedules

    def writes(self, definition: Definition, *, replacing: StoredDefinition[Definition]) -> None:
        """Write an unchecked definition in place of the version that a test has read."""
        with self.services.definition_writer.edit(self.engine) as edit:
            edit.put(definition, replacing=replacing)

    def define(self, kind: Kind, raw: dict[str, Any]) -> None:
        self.services.definition_editing.put(read_definition(kind, raw), engine=self.engine)

    def task(self, *schedules: dict[str, Any], name: str = "load-daily", **facts: Any) -> None:
        """Define or redefine a Task with schedules."""
        self.define(Kind.TASK, a_task(*schedules, name=name, **facts))

    def delete(self, name: str = "load-daily") -> None:
        reference = Reference(Kind.TASK, name)
        self.services.definition_editing.delete(reference, engine=self.engine)

    def tick(self, **later: float) -> Tally:
        """Advance the clock, then run one tick, as a host of its own does."""
        self.clock.advance(**later)
        tick = replace(self.services.schedule_tick, workers=1, turn=Lock())
        return tick.tick(self.engine)

    def backfill(self, begin: Any, end: Any, **facts: Any) -> Any:
        given = {"task": "load-daily", "actor": "test"} | facts
        request = BackfillRequest(begin=begin, end=end, **given)
        return self.services.backfill.backfill(request, self.engine)

    def made(self, status: RunStatus | None = None, task: str = "load-daily") -> list[TaskRun]:
        """Return the runs of a Task, oldest fire time first."""
        found: list[TaskRun] = []
        token = None
        while True:
            page = self.runs.page(
                Listing(
                    statuses=frozenset() if status is None else frozenset({status}),
                    task=task,
                    limit=100,
                    continuation_token=token,
                )
            )
            found += page.items
            if (token := page.continuation_token) is None:
                return sorted(found, key=lambda run: (run.scheduled_time, run.queued_at))

    def times(self, status: RunStatus | None = RunStatus.QUEUED) -> list[str]:
        """Return the fire times of runs as day, hour and minute."""
        return [f"{run.scheduled_time:%d %H:%M}" for run in self.made(status)]

    def end(self, run: TaskRun, status: RunStatus = RunStatus.SUCCEEDED) -> None:
        """Start and end a run."""
        done = self._ended(run, status, {})
        self.runs.deactivate(done)
        self.engine.release("main", run.run_id, 1)

    def carry(
        self, run: TaskRun, status: RunStatus = RunStatus.SUCCEEDED, **outputs: Any
    ) -> TaskRun:
        """Start and end a run, and notify its dependents and theirs; return the ended run."""
        done = self._ended(run, status, outputs)
        self.engine.release("main", run.run_id, 1)
        self.notify(done.run_id)
        return done

    def notify(self, run_id: RunId) -> None:
        """Notify the dependents of an ended run, and of each run that ends by this."""
        notifier = self.services.dependent_notifier
        tasks = notifier.find_dependents(run_id).notify
        result = notifier.notify(run_id, tasks)
        for each in result.dispatch:
            self.engine.enqueue(each.shard, each.waiting, each.policies)
        for pending in result.pending:
            self.notify(pending.run_id)
        notifier.deactivate([run_id])

    def _ended(self, run: TaskRun, status: RunStatus, outputs: dict[str, Any]) -> TaskRun:
        stored = self.runs.get(run.run_id)
        assert stored is not None
        running = begin_attempt(stored.run, at=self.clock(), actor="test")
        cause = FailureCause.ARTEFACT if status is RunStatus.FAILED else None
        outcome = Outcome(status=status, reason="", cause=cause, outputs=Outputs(values=outputs))
        done = finish(running, outcome, at=self.clock(), actor="test")
        return self.runs.save(stored, done).run
