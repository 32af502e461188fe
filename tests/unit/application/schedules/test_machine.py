"""Tests of late, repeated, concurrent and crashed ticks, with edits and clock changes.

The tests know the policies and the steps, and read the results from the runs alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from polysync_core.domain.definitions.base import Kind, RowFacts
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.schedules.state import occurrence_id
from tests.fakes.runs import Crash
from tests.fakes.scheduled import MINUTELY, Scheduled, a_task
from tests.fakes.tables import Call

pytestmark = pytest.mark.slow

_MINUTE = timedelta(minutes=1)
_LATE = timedelta(seconds=90)
_SPAN = re.compile(r"Missed (?:the fire time (\S+)|\d+ fire times, from (\S+) to (\S+)):")


class Crashing:
    """Crashes the process at one storage call; later calls fail until the next start."""

    def __init__(self, at: int, *, done: bool) -> None:
        self.at, self.done, self.calls = at, done, 0

    def __call__(self, call: Call, do: Callable[[], Any]) -> Any:
        self.calls += 1
        if self.calls == self.at and self.done:
            do()
        if self.calls >= self.at:
            raise Crash
        return do()


class ScheduleMachine(RuleBasedStateMachine):
    """Tests one schedule that fires every minute, or every few minutes after an edit.

    The model is a set of minutes: those that passed while the schedule was enabled and not paused.
    Each of them must have a run or a record, for any edits before the tick.
    """

    def __init__(self) -> None:
        super().__init__()
        self.world = Scheduled()
        self.facts: dict[str, Any] = {}
        self.is_paused = False
        self.is_enabled = True
        self.step = 1
        """The number of minutes between two fire times."""
        self.timing = (self.step, self.is_enabled)
        self.since = self.seen = self.latest = self.now
        """The time from which the schedule continues, and the time of the last step."""
        self.expected: set[datetime] = set()
        """The minutes that passed while the schedule was active."""
        self.taken_back: set[str] = set()
        """Runs whose time was in the future when the schedule restarted."""
        self.rows: dict[int, RowFacts] = {}
        """The facts of every Task of the name, by the number of its first version."""
        self.edit("Last", 600)

    @property
    def now(self) -> datetime:
        return self.world.clock.now

    # Steps. While the clock is behind its latest time, no step changes when the schedule fires: a
    # stored plan waits for its time, and the new timing waits with it.

    def define(self) -> None:
        self.observe()
        cron = f"*/{self.step} * * * *"
        self.world.task(MINUTELY | {"cron": cron} | self.facts, enabled=self.is_enabled)
        if self.timing != (self.step, self.is_enabled):
            self.timing = (self.step, self.is_enabled)
            self.since = self.now
        row = self.world.services.definitions.task("load-daily").row
        self.rows[row.born] = row
        self.take_back()

    @rule(misfire=st.sampled_from(["Skip", "Last", "All"]), window=st.sampled_from([30, 300, 3600]))
    def edit(self, misfire: str, window: int) -> None:
        self.facts = {"misfire": misfire, "catchUpSeconds": window}
        self.define()

    @precondition(lambda self: self.now >= self.latest)
    @rule(step=st.sampled_from([1, 2, 3, 7]))
    def edit_expression(self, step: int) -> None:
        self.observe()
        self.step = step
        self.define()

    @rule(mode=st.sampled_from(["a", "b"]))
    def edit_parameters(self, mode: str) -> None:
        self.facts = self.facts | {"parameters": {"mode": mode}}
        self.define()

    @rule()
    def edit_something_else(self) -> None:
        cron = f"*/{self.step} * * * *"
        schedule = MINUTELY | {"cron": cron} | self.facts
        self.world.task(schedule, enabled=self.is_enabled, description=self.now.isoformat())

    @precondition(lambda self: self.now >= self.latest)
    @rule(is_enabled=st.booleans())
    def disable_or_enable(self, is_enabled: bool) -> None:
        self.observe()
        self.is_enabled = is_enabled
        self.define()

    @precondition(lambda self: self.now >= self.latest)
    @rule()
    def remove_and_add(self) -> None:
        self.observe()
        self.world.task()
        self.is_paused = False
        self.since = self.now
        self.define()

    @precondition(lambda self: self.now >= self.latest)
    @rule(ticks=st.sampled_from([0, 1, 2]))
    def delete_and_define(self, ticks: int) -> None:
        """Define the Task anew; its former fire times are recorded before or after."""
        self.observe()
        self.world.delete()
        for _ in range(ticks):
            self.world.tick()
        self.is_paused = False
        self.since = self.now
        self.define()

    @precondition(lambda self: self.now >= self.latest)
    @rule()
    def pause(self) -> None:
        self.observe()
        self.world.schedules.pause("load-daily", schedule=None, reason="Fixed.", by="test")
        self.is_paused = True

    @precondition(lambda self: self.now >= self.latest)
    @rule()
    def resume(self) -> None:
        self.observe()
        self.world.schedules.resume("load-daily", schedule="minutely")
        if self.is_paused:
            self.since = self.now
            self.take_back()
        self.is_paused = False

    @rule(seconds=st.sampled_from([1, 20, 60, 61, 95, 600, 3 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)

    @rule(hours=st.sampled_from([-24, -1, 1]))
    def clock_is_set(self, hours: int) -> None:
        self.latest = max(self.latest, self.now)
        self.world.clock.advance(hours=hours)

    @rule(seconds=st.sampled_from([0, 60, 90]))
    def tick(self, seconds: int) -> None:
        self.world.tick(seconds=seconds)

    @rule(at=st.integers(1, 25), later=st.sampled_from([0, 30, 95]))
    def tick_beside_another(self, at: int, later: int) -> None:
        """Run a complete second tick during the first."""
        calls = 0

        def intercept(_: Call, do: Callable[[], Any]) -> Any:
            nonlocal calls
            calls += 1
            if calls == at:
                self.world.clock.advance(seconds=later)
                self.world.tick()
            return do()

        self.spoiled(intercept, self.world.tick)

    @rule(at=st.integers(1, 30), done=st.booleans())
    def tick_crashes(self, at: int, done: bool) -> None:
        self.spoiled(Crashing(at, done=done), self.world.tick)

    @rule(at=st.integers(1, 20), done=st.booleans())
    def edit_crashes(self, at: int, done: bool) -> None:
        """Crash during an edit; the next tick follows the stored definition."""
        self.observe()
        changed = MINUTELY | {"cron": f"*/{self.step} * * * *", "misfire": "Skip"}
        self.spoiled(
            Crashing(at, done=done), lambda: self.world.task(changed, enabled=self.is_enabled)
        )
        stored = self.world.services.definitions.task("load-daily").schedules[0]
        self.facts = {"misfire": stored.misfire.value, "catchUpSeconds": stored.catch_up_seconds}
        self.world.tick()
        self.take_back()

    # Invariants

    @invariant()
    def every_fire_time_is_processed_once(self) -> None:
        made = [run for run in self.world.made() if run.run_id not in self.taken_back]
        spans = [span_of(run) for run in made if _SPAN.match(run.reason)]
        for run in made:
            if _SPAN.match(run.reason) is None:
                assert run.scheduled_time is not None
                assert run.run_id in self.occurrences(run.scheduled_time)
                assert run.scheduled_time <= run.queued_at
                assert not any(first <= run.scheduled_time <= last for first, last in spans)
        for number, (first, last) in enumerate(spans):
            assert all(last < other or end < first for other, end in spans[:number])

    @invariant()
    def no_fire_time_runs_after_its_window(self) -> None:
        for run in self.fired():
            assert run.scheduled_time is not None
            assert run.queued_at - run.scheduled_time <= max(_LATE, timedelta(hours=1))

    def teardown(self) -> None:
        """Assert that three ticks complete all plans and that every fire time has a run."""
        self.observe()
        self.is_enabled = True
        self.define()
        self.resume()
        self.clock_goes_on()
        for _ in range(3):
            self.observe()
            self.world.tick(minutes=1)
        self.observe()
        state = self.world.store.get("load-daily", "minutely")
        assert state is not None
        assert (state.state.pending, state.state.unsettled) == (None, ())
        assert state.state.due is not None
        assert state.state.due > self.now
        known = {run.scheduled_time for run in self.world.made() if not _SPAN.match(run.reason)}
        covered = [span_of(run) for run in self.skipped() if _SPAN.match(run.reason)]
        for minute in sorted(self.expected):
            is_known = minute in known or any(first <= minute <= last for first, last in covered)
            assert is_known, f"{minute} has no run"

    # Helpers

    def occurrences(self, scheduled_time: datetime) -> set[str]:
        """Return the possible ids of the run of a fire time."""
        task = read_definition(Kind.TASK, a_task(MINUTELY))
        tasks = [task.with_row(each) for each in self.rows.values()]
        return {occurrence_id(task, task.schedules[0], scheduled_time) for task in tasks}

    def observe(self) -> None:
        """Note the fire times that passed since the last step.

        A clock that was set back takes back what passed: that time passes again.
        """
        self.expected = {minute for minute in self.expected if minute <= self.now}
        if self.is_enabled and not self.is_paused:
            minute = self.seen.replace(second=0, microsecond=0) + _MINUTE
            while minute <= self.now:
                if minute.minute % self.step == 0 and minute > self.since:
                    self.expected.add(minute)
                minute += _MINUTE
        self.seen = self.now

    def take_back(self) -> None:
        """Note the runs whose time is in the future, because the clock was set back."""
        self.taken_back |= {run.run_id for run in self.world.made() if last_of(run) > self.now}

    def clock_goes_on(self) -> None:
        """Advance the clock past the watermark and all plans."""
        stored = self.world.store.get("load-daily", "minutely")
        if stored is None:
            return
        state = stored.state
        plans = [*state.unsettled, *([] if state.pending is None else [state.pending])]
        mark = max(state.watermark, *(plan.at for plan in plans), self.now)
        if mark > self.now:
            self.world.clock.now = self.seen = mark

    def spoiled(self, intercept: Callable[[Call, Callable[[], Any]], Any], do: Any) -> None:
        self.world.tables.intercept = intercept
        try:
            do()
        except Crash:
            self.world.restart()
        finally:
            self.world.tables.intercept = lambda _, do: do()

    def fired(self) -> list[TaskRun]:
        return self.world.made(RunStatus.QUEUED)

    def skipped(self) -> list[TaskRun]:
        return self.world.made(RunStatus.SKIPPED)


def last_of(run: TaskRun) -> datetime:
    assert run.scheduled_time is not None
    return run.scheduled_time


def span_of(run: TaskRun) -> tuple[datetime, datetime]:
    found = _SPAN.match(run.reason)
    assert found is not None, run.reason
    one, first, last = found.groups()
    return datetime.fromisoformat(one or first), datetime.fromisoformat(one or last)


TestScheduleMachine = ScheduleMachine.TestCase
