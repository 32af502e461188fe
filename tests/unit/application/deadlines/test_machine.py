"""Tests of deadlines with edits, pauses, crashes, two hosts and clocks that jump.

The model is a set of minutes: the fire times that passed while the Task was enabled. Each has a
deadline one minute and a half later, and must be reported once if its run has not started by then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from polysync_core.domain.runs.run import RunStatus
from tests.fakes.expecting import Expecting
from tests.fakes.runs import Crash
from tests.fakes.scheduled import MINUTELY
from tests.fakes.tables import Call

pytestmark = pytest.mark.slow

_MINUTE = timedelta(minutes=1)
_WITHIN = 90


class DeadlineMachine(RuleBasedStateMachine):
    """Tests one schedule that fires every minute."""

    def __init__(self) -> None:
        super().__init__()
        self.world = Expecting()
        self.is_enabled = True
        self.since = self.checked = self.now
        """The time from which fire times have deadlines, and the end of the last check."""
        self.expected: set[datetime] = set()
        """The deadlines that a check had to report."""
        self.define()

    @property
    def now(self) -> datetime:
        return self.world.clock.now

    def define(self, **facts: Any) -> None:
        expect = {"startedWithinSeconds": _WITHIN}
        self.world.task(MINUTELY, expect=expect, enabled=self.is_enabled, **facts)

    @rule(priority=st.integers(1, 3))
    def edit_something_else(self, priority: int) -> None:
        self.define(priority=priority)

    @rule(is_enabled=st.booleans())
    def disable_or_enable(self, is_enabled: bool) -> None:
        if is_enabled != self.is_enabled:
            self.is_enabled = is_enabled
            self.define()
            self.since = self.checked = self.now

    @rule()
    def pause_and_resume(self) -> None:
        self.world.schedules.pause("load-daily", schedule=None, reason="Fixed.", by="test")
        self.world.schedules.resume("load-daily", schedule=None)

    @rule(seconds=st.sampled_from([1, 29, 60, 61, 300]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)

    @rule()
    def runs_start(self) -> None:
        for run in self.world.made(RunStatus.QUEUED):
            self.world.begin(run)

    @rule()
    def tick(self) -> None:
        self.observe()
        self.world.minute()

    @rule(at=st.integers(1, 20), done=st.booleans())
    def check_crashes(self, at: int, done: bool) -> None:
        self.world.tick()
        calls = 0

        def crash(_: Call, do: Callable[[], Any]) -> Any:
            nonlocal calls
            calls += 1
            if calls == at and done:
                do()
            if calls >= at:
                raise Crash
            return do()

        self.observe()
        with self.world.spoiled(crash):
            self.world.check()
        self.world.check()

    @rule(at=st.integers(1, 20), later=st.sampled_from([0, 5]))
    def check_beside_another(self, at: int, later: int) -> None:
        self.world.tick()
        calls = 0

        def intercept(_: Call, do: Callable[[], Any]) -> Any:
            nonlocal calls
            calls += 1
            if calls == at:
                self.world.clock.advance(seconds=later)
                self.world.check()
            return do()

        self.observe()
        with self.world.spoiled(intercept):
            self.world.check()
        self.observe()
        self.world.check()

    @invariant()
    def no_deadline_is_reported_twice_or_in_retrospect(self) -> None:
        """A repeated event has the same content; `events` keeps one of each id."""
        missed = [each for each in self.world.events() if each["deadline"] == "Missed"]
        assert all(each["deadlineAt"] <= each["at"] for each in missed)
        assert len(missed) == len({each["deadlineAt"] for each in missed})

    @invariant()
    def no_run_in_time_is_reported(self) -> None:
        started = {run.scheduled_time: run.started_at for run in self.world.made(None)}
        for each in self.world.events():
            deadline = datetime.fromisoformat(each["deadlineAt"])
            at = started.get(deadline - timedelta(seconds=_WITHIN))
            assert each["count"] > 1 or at is None or at > deadline

    @invariant()
    def each_missed_deadline_is_reported(self) -> None:
        known = {each["deadlineAt"] for each in self.world.events() if each["count"] == 1}
        if any(each["cause"] == "NotExamined" for each in self.world.events()):
            # A summary counts the older ones.
            return
        wanted = {f"{each:%Y-%m-%dT%H:%M:%S}.000Z" for each in self.expected}
        assert wanted <= known

    def observe(self) -> None:
        """Note the deadlines that the check at this time has to report."""
        started = {
            run.scheduled_time for run in self.world.made(None) if run.started_at is not None
        }
        minute = self.since.replace(second=0, microsecond=0)
        while self.is_enabled and (minute := minute + _MINUTE) <= self.now:
            deadline = minute + timedelta(seconds=_WITHIN)
            is_due = self.checked < deadline <= self.now
            if minute > self.since and is_due and minute not in started:
                self.expected.add(deadline)
        self.checked = max(self.checked, self.now)


TestDeadlineMachine = DeadlineMachine.TestCase
TestDeadlineMachine.settings = settings(max_examples=20)
