"""Faults of Polysync itself show on the run: a failed step, signal or notification."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrations import activities
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.failures.problem import ProblemKind, ProblemStep
from polysync_core.domain.runs.interruptions import status_text
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.platform import RUNNING
from tests.unit.application.runs.attempt_bench import Bench


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench()
    monkeypatch.setattr(activities, "services", lambda: bench.app.services)
    return bench


def work(bench: Bench, faults: int = 0) -> Any:
    return {"run": bench.run_id, "attempt": 1, "memo": {}, "faults": faults}


def failing(error: Exception) -> Any:
    def call(*_: object, **__: object) -> Any:
        raise error

    return call


def test_a_defect_shows_on_the_run_without_its_text(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.platform, "submit", failing(ZeroDivisionError("hunter2")))
    for faults in range(2):
        with pytest.raises(activities.ActivityFault):
            activities.submit_attempt(work(bench, faults))
        bench.clock.advance(seconds=10)
    problem = bench.run.problem
    assert problem is not None
    assert (problem.kind, problem.tries) == (ProblemKind.FAULT, 2)
    assert problem.next_try is not None
    assert (problem.next_try - problem.last_try).total_seconds() == 20
    text = status_text(bench.run)
    assert "Polysync cannot continue: an unexpected fault (ZeroDivisionError)" in text
    assert "hunter2" not in text


def test_a_fault_that_is_over_is_gone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.platform.reports = [RUNNING]
    bench.submit()
    with monkeypatch.context() as patch:
        patch.setattr(bench.platform, "read", failing(KeyError()))
        with pytest.raises(activities.ActivityFault):
            activities.poll_attempt(work(bench))
    assert bench.run.problem is not None
    activities.poll_attempt(work(bench))
    assert bench.run.problem is None


def test_a_cancelled_run_is_not_held_by_faults(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.platform.reports = [RUNNING]
    bench.submit()
    bench.ask_to_cancel()
    monkeypatch.setattr(bench.platform, "read", failing(KeyError()))
    for faults in range(12):
        with pytest.raises(activities.ActivityFault):
            activities.poll_attempt(work(bench, faults))
        if bench.run.status.is_terminal:
            break
        bench.clock.advance(seconds=60)
    assert bench.run.status is RunStatus.CANCELLED
    assert bench.platform.cancelled == ["1"]


def test_a_row_that_cannot_be_written_does_not_hide_the_fault(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bench.runs, "get", failing(Unavailable("no storage")))
    with pytest.raises(activities.ActivityFault):
        activities.submit_attempt(work(bench))
    assert "fault_unrecorded" in {getattr(each, "action", None) for each in caplog.records}


def test_a_run_whose_signal_is_lost_says_so_until_it_is_repeated(bench: Bench) -> None:
    engine, services = bench.app.engine, bench.app.services
    engine.unavailable = True
    run = bench.run
    services.run_factory.enqueue(run, engine)
    problem = bench.run.problem
    assert problem is not None
    assert problem.step is ProblemStep.START
    assert status_text(bench.run).startswith("Cannot reach the Dispatcher: ")
    engine.unavailable = False
    services.reconciler.reconcile(engine)
    assert bench.run.problem is None


def test_dependents_that_cannot_be_notified_show_on_the_ended_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.runs.end(bench.run_id, at=bench.clock())
    ended = bench.run
    notifier = bench.app.services.dependent_notifier
    monkeypatch.setattr(type(notifier.gates), "deliver", failing(Unavailable("gates are away")))
    with pytest.raises(activities.ActivityFault):
        activities.notify_dependents({"run": bench.run_id, "notify": ["report"]})
    problem = bench.run.problem
    assert problem is not None
    assert problem.text == "cannot notify the dependents: gates are away (1 try)"
    assert bench.run.history == ended.history
    assert status_text(bench.run) == ended.reason
    activities.deactivate_runs({"runs": [bench.run_id]})
    assert bench.run.problem is None
