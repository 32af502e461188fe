"""Tests of windows and the own past with random cadences, reruns, repetitions and crashes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType
from tests.fakes.runs import Crash
from tests.fakes.scheduled import Scheduled
from tests.unit.application.dependencies.plain_windows import PlainWindows
from tests.unit.application.dependencies.test_gate_machine import crash_at

pytestmark = pytest.mark.slow

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
BEGIN = 24
"""The hour in which the Tasks are defined; the first fire times of every cadence follow."""
HOUR = timedelta(hours=1)
EVERY = st.sampled_from([1, 2, 3, 6])
OUTCOMES = st.sampled_from([RunStatus.SUCCEEDED] * 5 + [RunStatus.FAILED, RunStatus.CANCELLED])
CONDITIONS = st.sampled_from(
    [[Condition.ON_SUCCESS], [Condition.ON_COMPLETION], [Condition.ON_SUCCESS, Condition.ALWAYS]]
)
CRASH = st.none() | st.tuples(st.integers(1, 14), st.booleans())


class WindowMachine(RuleBasedStateMachine):
    """Compares the runs of two Tasks with a model that knows only hours and outcomes."""

    @initialize(
        every=EVERY,
        upstream_every=EVERY,
        conditions=CONDITIONS,
        limit=st.sampled_from([None, 2, 5]),
        past=st.booleans(),
    )
    def begin(self, **rules: Any) -> None:
        self.model = PlainWindows(begin=BEGIN, now=BEGIN, **rules)
        self.world = Scheduled()
        self.world.clock.now = MIDNIGHT + BEGIN * HOUR
        limit = {} if self.model.limit is None else {"withinSeconds": self.model.limit * 3600}
        edge = {"task": "up", "take": "Window", "condition": self.model.conditions, **limit}
        self.define("up", self.model.upstream_every)
        self.define("down", self.model.every, dependencies=[edge], dependsOnPast=self.model.past)
        self.accepted: dict[RunId, int] = {}
        """The position of each run among the runs of its fire time."""

    def define(self, name: str, every: int, **facts: Any) -> None:
        cron = f"0 */{every} * * *"
        schedule = {"name": "s", "cron": cron, "misfire": "All", "catchUpSeconds": 86_400}
        self.world.task(schedule, name=name, **facts)

    @rule(hours=st.integers(1, 6), crash=CRASH)
    def advance(self, hours: int, crash: tuple[int, bool] | None) -> None:
        """Let some hours pass, each with a tick; the first tick may crash."""
        for index in range(hours):
            self.world.clock.advance(hours=1)
            self.model.advance()
            self.perform(self.tick, crash if index == 0 else None)
        self.check()

    @precondition(lambda self: self.active())
    @rule(data=st.data(), crash=CRASH)
    def end(self, data: st.DataObject, crash: tuple[int, bool] | None) -> None:
        """End some of the runs that have started, and notify the Tasks that wait."""
        for _ in range(data.draw(st.integers(1, 4))):
            if not (active := self.active()):
                break
            run = active[data.draw(st.integers(0, len(active) - 1))]
            status = data.draw(OUTCOMES)
            self.world.clock.advance(seconds=1)
            self.world._ended(run, status, {})
            self.world.engine.release("main", run.run_id, 1)
            self.outcomes_of(run)[self.position_of(run)] = status.value
            self.model.settle()
            self.perform(lambda run=run: self.world.notify(run.run_id), crash)
        self.check()

    @precondition(lambda self: self.ended())
    @rule(data=st.data(), downstream=st.booleans())
    def rerun(self, data: st.DataObject, downstream: bool) -> None:
        """Run an ended run of a fire time again."""
        ended = self.ended()
        run = ended[data.draw(st.integers(0, len(ended) - 1))]
        self.world.clock.advance(seconds=1)
        again = self.world.services.task_runs.rerun(
            run.run_id,
            downstream=downstream,
            idempotency_key=None,
            actor="test",
            engine=self.world.engine,
        )
        outcomes = self.outcomes_of(run)
        self.accepted[again.run_id] = len(outcomes)
        outcomes.append(None)
        self.check()

    @precondition(lambda self: self.ended())
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Notify the Tasks that wait for an ended run again."""
        ended = self.ended()
        self.world.notify(ended[data.draw(st.integers(0, len(ended) - 1))].run_id)
        self.check()

    def tick(self) -> None:
        self.world.tick()
        self.world.services.dependent_notifier.execute_wait_limits(self.world.engine)

    def perform(self, step: Callable[[], None], crash: tuple[int, bool] | None) -> None:
        """Perform a step; after a crash, a new process repeats it and reconciles."""
        if crash is None:
            step()
            return
        number, before = crash
        self.world.app.tables.intercept = crash_at(number, before=before)
        try:
            step()
        except Crash:
            """The next process continues."""
        finally:
            self.world.app.tables.intercept = lambda _, do: do()
        self.world.restart()
        step()
        self.world.services.reconciler.reconcile(self.world.engine)

    def runs(self) -> list[TaskRun]:
        return [*self.world.made(task="up"), *self.world.made(task="down")]

    def active(self) -> list[TaskRun]:
        leases = self.world.engine.dispatcher("main").leases
        return [run for run in self.runs() if run.run_id in leases]

    def ended(self) -> list[TaskRun]:
        ends = {RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED}
        return [run for run in self.runs() if run.status in ends]

    def outcomes_of(self, run: TaskRun) -> list[str | None]:
        runs = self.model.upstream if run.task == "up" else self.model.runs
        return runs[hour_of(run)]

    def position_of(self, run: TaskRun) -> int:
        return self.accepted.get(run.run_id, 0)

    def check(self) -> None:
        """Assert that each fire time has the run that the model expects."""
        own = [
            run
            for run in self.world.made(task="down")
            if run.trigger_type is TriggerType.DEPENDENCY
        ]
        skipped = {hour_of(run): run.status is RunStatus.SKIPPED for run in own}
        assert len(skipped) == len(own), "a fire time has two runs"
        assert skipped == {at: runs[0] == "Skipped" for at, runs in self.model.runs.items()}
        leases = self.world.engine.dispatcher("main").leases
        started = {hour_of(run) for run in own if run.run_id in leases}
        assert started == set(self.model.started())


def hour_of(run: TaskRun) -> int:
    assert run.scheduled_time is not None
    return (run.scheduled_time - MIDNIGHT) // HOUR


TestWindowMachine = WindowMachine.TestCase
TestWindowMachine.settings = settings(
    max_examples=settings().max_examples // 4,
    stateful_step_count=settings().stateful_step_count // 2,
)
