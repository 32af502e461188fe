"""Ending queued runs that may not wait any longer."""

from __future__ import annotations

import pytest

from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus, TaskRun, begin_attempt, new_run
from tests.fakes.app import FakeApp
from tests.fakes.builders import NOON, a_run
from tests.fakes.runs import FakeRunTable


class World:
    def __init__(self) -> None:
        self.runs = FakeRunTable()
        self.finisher = FakeApp(runs=self.runs).services.run_finisher

    def stored(self, run: TaskRun) -> TaskRun:
        self.runs.add_active(run)
        return run

    def end(self, run: TaskRun, attempt: int = 1) -> TaskRun:
        cause = FailureCause.CONTENTION_REJECTED
        self.finisher.fail_queued_run(run.run_id, attempt, cause=cause, reason="Full.")
        return self.runs.rows[run.run_id].run


@pytest.fixture
def world() -> World:
    return World()


def test_the_cause_is_recorded_on_the_attempt_that_never_began(world: World) -> None:
    ended = world.end(world.stored(new_run(a_run(), actor="test")))
    assert (ended.status, ended.reason) == (RunStatus.FAILED, "Full.")
    (attempt,) = ended.attempts
    assert (attempt.number, attempt.cause) == (1, FailureCause.CONTENTION_REJECTED)
    assert not world.runs.active


def test_a_repeated_failure_is_recorded_once(world: World) -> None:
    run = world.stored(new_run(a_run(), actor="test"))
    assert world.end(run) == world.end(run)


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_run_that_has_started_meanwhile_does_not_fail(world: World, attempt: int) -> None:
    begun = begin_attempt(new_run(a_run(), actor="test"), at=NOON, actor="polysync")
    assert world.end(world.stored(begun), attempt) == begun
    assert world.runs.active
