"""Runs that may not wait any longer."""

from __future__ import annotations

import pytest

from polysync_core.application.runs.queue_timeouts import QueueEnds
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus, TaskRun, accepted, begin_attempt
from tests.fakes.builders import NOON, FakeClock, a_run
from tests.fakes.dependents import closing_of
from tests.fakes.runs import FakeRuns


class World:
    def __init__(self) -> None:
        self.runs = FakeRuns()
        self.ends = QueueEnds(runs=self.runs, closing=closing_of(self.runs), clock=FakeClock())

    def stored(self, run: TaskRun) -> TaskRun:
        self.runs.announce(run)
        self.runs.insert(run)
        return run

    def end(self, run: TaskRun, attempt: int = 1) -> TaskRun:
        cause = FailureCause.CONTENTION_REJECTED
        self.ends.end(run.run_id, attempt, cause=cause, reason="Full.")
        return self.runs.rows[run.run_id].run


@pytest.fixture
def world() -> World:
    return World()


def test_the_cause_is_recorded_on_the_attempt_that_never_began(world: World) -> None:
    ended = world.end(world.stored(accepted(a_run(), actor="test")))
    assert (ended.status, ended.reason) == (RunStatus.FAILED, "Full.")
    (attempt,) = ended.attempts
    assert (attempt.number, attempt.cause) == (1, FailureCause.CONTENTION_REJECTED)
    assert not world.runs.active


def test_ending_twice_is_ending_once(world: World) -> None:
    run = world.stored(accepted(a_run(), actor="test"))
    assert world.end(run) == world.end(run)


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_run_that_has_started_meanwhile_is_left_alone(world: World, attempt: int) -> None:
    begun = begin_attempt(accepted(a_run(), actor="test"), at=NOON, actor="polysync")
    assert world.end(world.stored(begun), attempt) == begun
    assert world.runs.active
