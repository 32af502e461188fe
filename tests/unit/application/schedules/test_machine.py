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
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.schedules.state import occurrence_id
from tests.fakes.runs import Crash
from tests.fakes.scheduled import MINUTELY, Scheduled
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
    """Tests one schedule that fires every minute."""

    def __init__(self) -> None:
        super().__init__()
        self.world = Scheduled()
        self.facts: dict[str, Any] = {}
        self.is_paused = False
        self.since = self.now
        """The last time from which the schedule continued."""
        self.taken_back: set[str] = set()
        """Runs whose time was in the future when the schedule restarted."""
        self.edit("Last", 600)

    @property
    def now(self) -> datetime:
        return self.world.clock.now

    @property
    def revision(self) -> str:
        stored = self.world.store.get("load-daily", "minutely")
        assert stored is not None
        return stored.state.revision

    # Steps

    @rule(misfire=st.sampled_from(["Skip", "Last", "All"]), window=st.sampled_from([30, 300, 3600]))
    def edit(self, misfire: str, window: int) -> None:
        self.facts = {"misfire": misfire, "catchUpSeconds": window}
        self.let_pass()
        self.world.task(MINUTELY | self.facts)

    @rule()
    def edit_something_else(self) -> None:
        self.world.task(MINUTELY | self.facts, description=self.now.isoformat())

    @rule()
    def disable_and_enable(self) -> None:
        self.world.task(MINUTELY | self.facts, enabled=False)
        self.let_pass()
        self.world.task(MINUTELY | self.facts)

    @rule()
    def pause(self) -> None:
        self.world.schedules.pause("load-daily", schedule=None, reason="Fixed.", by="test")
        self.is_paused = True

    @rule()
    def resume(self) -> None:
        if self.is_paused:
            self.let_pass()
        self.world.schedules.resume("load-daily", schedule="minutely")
        self.is_paused = False

    @rule(seconds=st.sampled_from([1, 20, 60, 61, 95, 600, 3 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)

    @rule(hours=st.sampled_from([-24, -1, 1]))
    def clock_is_set(self, hours: int) -> None:
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
        before = self.revision
        self.spoiled(
            Crashing(at, done=done), lambda: self.world.task(MINUTELY | {"misfire": "Skip"})
        )
        stored = self.world.services.definitions.task("load-daily").schedules[0]
        self.facts = {"misfire": stored.misfire.value, "catchUpSeconds": stored.catch_up_seconds}
        self.world.tick()
        if self.revision != before:
            self.let_pass()

    # Invariants

    @invariant()
    def every_fire_time_is_processed_once(self) -> None:
        made = [run for run in self.world.made() if run.run_id not in self.taken_back]
        spans = [span_of(run) for run in made if run.status is RunStatus.SKIPPED]
        for run in made:
            if _SPAN.match(run.reason) is None:
                assert run.scheduled_time is not None
                assert run.run_id == occurrence_id("load-daily", "minutely", run.scheduled_time)
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
        self.clock_goes_on()
        self.resume()
        begun = self.now
        for _ in range(3):
            self.world.tick(minutes=1)
        state = self.world.store.get("load-daily", "minutely")
        assert state is not None
        assert state.state.pending is None
        assert state.state.due is not None
        assert state.state.due > self.now
        fired = {run.scheduled_time for run in self.fired()}
        covered = [span_of(run) for run in self.skipped()]
        minute = self.since.replace(second=0, microsecond=0) + _MINUTE
        while minute <= self.now:
            known = minute in fired or any(first <= minute <= last for first, last in covered)
            assert known, f"{minute} has no run"
            assert minute in fired or minute <= begun
            minute += _MINUTE

    # Helpers

    def let_pass(self) -> None:
        """Restart the expectations from now; earlier fire times need no run."""
        self.since = self.now
        self.taken_back |= {run.run_id for run in self.world.made() if last_of(run) > self.now}

    def clock_goes_on(self) -> None:
        """Advance the clock past the watermark."""
        stored = self.world.store.get("load-daily", "minutely")
        if stored is None:
            return
        plan = stored.state.pending
        mark = max(stored.state.watermark, stored.state.watermark if plan is None else plan.at)
        if mark > self.now:
            self.world.clock.now = self.since = mark

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
