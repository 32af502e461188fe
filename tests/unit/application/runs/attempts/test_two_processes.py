"""Tests that a process never acts on an outdated version of a run.

Two processes share the tables. The second one changes a run while the first one still remembers
the version before the change.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.definitions.tasks import Retry, Task
from polysync_core.domain.errors import NotFound, Unavailable
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.platforms.connector import RunNotFound
from polysync_core.services import Services
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job
from tests.fakes.platform import CANCELLED, FAILED, RUNNING, SUCCESS
from tests.unit.application.runs.attempt_bench import PLATFORM

RETRY = Retry(enabled=True, max_retry_attempts=2, initial_delay_seconds=1)


class TwoProcesses:
    """Two processes of one app; the first one has accepted a run."""

    def __init__(self, *, retry: Retry | None = None) -> None:
        self.app = FakeApp(
            PLATFORM, a_job(), Task(name="nap", job=a_job().name, retry=retry or Retry())
        )
        self.app.platform.reports = [RUNNING]
        self.one = self.app.services
        self.other = self.app.started()
        request = RunRequest(task="nap", parameters={}, actor="test")
        self.run_id = self.one.task_runs.run_once(request, self.app.engine).run_id

    @property
    def run(self) -> TaskRun:
        return self.app.started().task_runs.get(self.run_id)

    def cancel(self) -> None:
        """Cancel the run in the other process; the wake-up of its orchestration is lost."""
        self.other.task_runs.cancel(self.run_id, actor="test", engine=self.app.engine)

    def submit(self, process: Services, attempt: int = 1) -> StepResult:
        return process.attempt_steps.submit(self.run_id, attempt, AttemptMemo())

    def poll(self, process: Services, attempt: int = 1) -> StepResult:
        return process.attempt_steps.poll(self.run_id, attempt, AttemptMemo())


@pytest.fixture
def two() -> TwoProcesses:
    return TwoProcesses()


def test_a_run_that_another_process_cancelled_is_not_submitted(two: TwoProcesses) -> None:
    two.cancel()
    assert two.submit(two.one).done
    assert two.app.platform.orders == []
    assert two.run.status is RunStatus.CANCELLED


def test_a_run_that_another_process_submitted_is_not_submitted_again(two: TwoProcesses) -> None:
    two.submit(two.other)
    step = two.submit(two.one)
    assert len(two.app.platform.orders) == 1
    assert not step.done
    assert two.submit(two.one).submitted


def test_the_next_attempt_starts_in_a_process_that_remembers_the_one_before() -> None:
    two = TwoProcesses(retry=RETRY)
    two.submit(two.one)
    two.app.platform.reports = [FAILED]
    assert two.poll(two.other).retry is not None
    two.app.clock.advance(seconds=2)
    assert two.submit(two.one, attempt=2).submitted
    assert [attempt.number for attempt in two.run.attempts] == [1, 2]
    # A late repetition of the first attempt's steps finds the newest row.
    assert two.poll(two.one, attempt=1).done
    assert two.submit(two.other, attempt=1).done


def silent(two: TwoProcesses) -> None:
    two.app.platform.reports = [Unavailable()]


def denies(two: TwoProcesses) -> None:
    two.app.platform.reports = [RunNotFound()]


def runs(two: TwoProcesses) -> None:
    two.app.platform.reports = [RUNNING]


@pytest.mark.parametrize("state", [silent, runs])
def test_a_poll_sees_that_another_process_cancelled_the_run(
    two: TwoProcesses, state: Callable[[TwoProcesses], None]
) -> None:
    two.submit(two.one)
    two.cancel()
    state(two)
    two.poll(two.one)
    assert two.app.platform.cancelled == ["1"]
    assert two.run.attempt is not None
    assert two.run.attempt.stop_tried is not None


def test_a_cancelled_run_that_its_platform_denies_keeps_its_cancellation(two: TwoProcesses) -> None:
    two.submit(two.one)
    two.cancel()
    denies(two)
    two.poll(two.one)
    assert two.run.cancel_requested is not None
    two.app.clock.advance(minutes=3)
    two.poll(two.one)
    assert two.run.status is RunStatus.CANCELLED


def test_a_stop_that_another_process_asked_for_decides_the_outcome(two: TwoProcesses) -> None:
    two.submit(two.one)
    two.cancel()
    two.app.platform.reports = [CANCELLED]
    assert two.poll(two.one).done
    assert two.run.status is RunStatus.CANCELLED
    assert two.run.cancel_requested is not None


@pytest.mark.parametrize("state", [silent, denies, runs])
def test_a_poll_after_the_end_in_another_process_changes_nothing(
    two: TwoProcesses, state: Callable[[TwoProcesses], None]
) -> None:
    two.submit(two.one)
    two.app.platform.reports = [SUCCESS]
    two.poll(two.other)
    ended = two.run
    state(two)
    assert two.poll(two.one).done
    assert two.run == ended


def test_both_processes_find_the_end_and_record_it_once(two: TwoProcesses) -> None:
    two.submit(two.one)
    two.poll(two.other)
    two.app.platform.reports = [SUCCESS]
    assert two.poll(two.other).done
    two.app.platform.reports = [FAILED]
    assert two.poll(two.one).done
    assert two.run.status is RunStatus.SUCCEEDED
    assert [entry.to_status for entry in two.run.history].count(RunStatus.SUCCEEDED) == 1


def test_a_run_that_was_deleted_is_not_found_by_a_process_that_remembers_it(
    two: TwoProcesses,
) -> None:
    two.submit(two.one)
    two.app.tables.tables["Runs"].pop((two.run_id, two.run_id))
    runs(two)
    with pytest.raises(NotFound):
        two.poll(two.one)
