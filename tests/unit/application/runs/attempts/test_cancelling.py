"""Tests that a cancellation ends a run in a bounded time, without a later submit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from polysync_core.application.runs.attempts.services import CANCEL_TIMEOUT
from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.domain.errors import (
    PlatformRefused,
    PolysyncError,
    Unavailable,
    Uncertain,
    VaultUnavailable,
)
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus
from polysync_core.platforms.connector import OutcomeUnknown, SubmitRequest, Submitted
from polysync_core.platforms.send_observer import announce_send
from tests.fakes.platform import CANCELLED, RUNNING, FakePlatform
from tests.fakes.runs import Crash
from tests.unit.application.runs.attempt_bench import Bench

VAULT_SILENT = VaultUnavailable("the vault team does not answer", vault="team")
HOST_ABSENT = Unavailable("adb-999.9.azuredatabricks.net cannot be reached")


def cancel(bench: Bench) -> None:
    app = bench.app
    app.services.task_runs.cancel(bench.run_id, actor="ada", engine=app.engine)


def drive(bench: Bench, step: Callable[..., StepResult], *, forgets: bool = False) -> float:
    """Repeat a step until the run ends; return the seconds that passed."""
    spent, result = 0.0, StepResult()
    for _ in range(200):
        result = step(AttemptMemo() if forgets else result.memo)
        if result.done:
            return spent
        bench.clock.advance(seconds=result.after_seconds)
        spent += result.after_seconds
    raise AssertionError("the run does not end")


@pytest.mark.parametrize("error", [VAULT_SILENT, HOST_ABSENT])
@pytest.mark.parametrize("tries", [1, 4])
def test_a_run_that_was_certainly_not_sent_is_cancelled_at_once(
    error: PolysyncError, tries: int
) -> None:
    bench = Bench()
    result = StepResult()
    for _ in range(tries):
        bench.platform.submit_answers = [error]
        result = bench.submit(result.memo)
    cancel(bench)
    assert bench.run.status is RunStatus.CANCELLED
    assert bench.run.attempts[0].status is RunStatus.CANCELLED
    assert bench.run.reason == "Cancelled before the platform started the run."
    assert (bench.run_id, 1) in bench.app.engine.woken
    assert bench.submit(result.memo).done
    assert bench.platform.started == {}


def test_a_run_is_cancelled_at_once_while_its_first_secret_is_read() -> None:
    bench = Bench()
    seen: list[RunStatus] = []

    class SignsInSlowly(FakePlatform):
        def submit(self, order: SubmitRequest) -> Submitted:
            cancel(bench)
            seen.append(bench.run.status)
            return super().submit(order)

    bench.app.platform = SignsInSlowly()
    assert bench.submit().done
    assert seen == [RunStatus.CANCELLED]
    assert bench.platform.orders == []


def test_a_run_is_cancelled_at_once_while_a_later_sign_in_waits() -> None:
    bench = Bench()
    bench.platform.submit_answers = [HOST_ABSENT]
    memo = bench.submit().memo

    class SignsInSlowly(FakePlatform):
        def submit(self, order: SubmitRequest) -> Submitted:
            cancel(bench)
            return super().submit(order)

    bench.use(SignsInSlowly())
    assert bench.submit(memo).done
    assert bench.run.status is RunStatus.CANCELLED
    assert bench.platform.orders == []


def test_a_request_is_not_repeated_after_a_cancellation() -> None:
    """A client repeats a request within one submit; the repetition is withheld."""
    bench = Bench()
    sent: list[str] = []

    class Repeats(FakePlatform):
        def submit(self, order: SubmitRequest) -> Submitted:
            announce_send()
            sent.append("first")
            cancel(bench)
            announce_send()
            sent.append("second")
            raise Uncertain

    bench.app.platform = Repeats()
    bench.submit()
    assert sent == ["first"]
    assert bench.run.status is RunStatus.CANCELLED
    assert "check the run there" in bench.run.reason


def test_a_run_that_may_have_been_sent_is_not_sent_again_after_a_cancellation() -> None:
    bench = Bench()
    bench.platform.lost_answers = 1
    memo = bench.submit().memo
    cancel(bench)
    assert bench.run.status is RunStatus.RUNNING
    assert bench.submit(memo).done
    assert len(bench.platform.orders) == 1
    assert bench.run.status is RunStatus.CANCELLED
    assert "check the run there" in bench.run.reason


def test_a_run_that_can_be_found_is_adopted_and_stopped() -> None:
    bench = Bench()

    class Lists(FakePlatform):
        def submit(self, order: SubmitRequest) -> Submitted:
            if order.is_resend:
                return Submitted(external_run_id="1")
            return super().submit(order)

    bench.app.platform = Lists()
    bench.platform.reports = [RUNNING]
    bench.platform.lost_answers = 1
    memo = bench.submit().memo
    cancel(bench)
    result = bench.submit(memo)
    assert result.submitted
    bench.poll(result.memo)
    assert bench.platform.cancelled == ["1"]
    bench.platform.reports = [CANCELLED]
    assert bench.poll().done
    assert bench.run.status is RunStatus.CANCELLED


@pytest.mark.parametrize("forgets", [False, True])
@pytest.mark.parametrize("error", [VAULT_SILENT, Uncertain("the list may be late")])
def test_a_search_that_fails_ends_in_the_bounded_time(error: PolysyncError, forgets: bool) -> None:
    bench = Bench()
    bench.platform.lost_answers = 1
    bench.submit()
    cancel(bench)

    class Silent(FakePlatform):
        def submit(self, order: SubmitRequest) -> Submitted:
            raise error

    bench.use(Silent())
    spent = drive(bench, bench.submit, forgets=forgets)
    assert spent <= CANCEL_TIMEOUT.total_seconds() + 2
    assert bench.run.status is RunStatus.CANCELLED
    assert str(error) in bench.run.reason
    assert "check the run there" in bench.run.reason


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown("The function may have been called."),
        PlatformRefused("no", cause=FailureCause.SUBMIT, status=403),
    ],
)
def test_an_answer_that_ends_the_search_ends_the_cancelled_run(error: PolysyncError) -> None:
    bench = Bench()
    bench.platform.lost_answers = 1
    memo = bench.submit().memo
    cancel(bench)

    class Refuses(FakePlatform):
        def submit(self, order: SubmitRequest) -> Submitted:
            raise error

    bench.use(Refuses())
    assert bench.submit(memo).done
    assert bench.run.status is RunStatus.CANCELLED
    assert "check the run there" in bench.run.reason


@pytest.mark.parametrize("forgets", [False, True])
@pytest.mark.parametrize(
    "error",
    [
        HOST_ABSENT,
        PlatformRefused("the identity may not view", cause=FailureCause.SUBMIT, status=403),
    ],
)
def test_a_cancelled_run_whose_polls_and_stop_fail_ends_in_the_bounded_time(
    error: PolysyncError, forgets: bool
) -> None:
    bench = Bench()
    bench.platform.reports = [RUNNING]
    bench.submit()
    cancel(bench)
    bench.platform.reports = [error]
    bench.platform.cancel_answer = error
    spent = drive(bench, bench.poll, forgets=forgets)
    assert spent <= CANCEL_TIMEOUT.total_seconds() + 2
    assert bench.run.status is RunStatus.CANCELLED
    assert str(error) in bench.run.reason
    assert "It may still run on its platform" in bench.run.reason


def test_a_stop_is_tried_although_the_polls_are_refused() -> None:
    bench = Bench()
    bench.platform.reports = [RUNNING]
    bench.submit()
    cancel(bench)
    bench.platform.reports = [PlatformRefused("no", cause=FailureCause.SUBMIT, status=403)]
    bench.poll()
    assert bench.platform.cancelled == ["1"]


def test_a_stop_is_sent_once_however_often_the_engine_forgets() -> None:
    bench = Bench()
    bench.platform.reports = [RUNNING]
    bench.submit()
    cancel(bench)
    for _ in range(5):
        bench.poll(AttemptMemo())
    assert bench.platform.cancelled == ["1"]


def test_a_submit_that_is_under_way_is_awaited_and_stopped() -> None:
    bench = Bench()

    class Slow(FakePlatform):
        def start(self, order: SubmitRequest) -> Submitted:
            cancel(bench)
            return super().start(order)

    bench.app.platform = Slow()
    bench.platform.reports = [RUNNING]
    assert bench.submit().submitted
    assert bench.run.status is RunStatus.RUNNING
    bench.poll()
    assert bench.platform.cancelled == ["1"]


def test_two_executions_and_a_cancellation_start_nothing() -> None:
    bench = Bench()
    bench.platform.submit_answers = [HOST_ABSENT, HOST_ABSENT]
    bench.runs.before_save = bench.submit
    bench.submit()
    cancel(bench)
    bench.submit()
    assert bench.platform.started == {}
    assert bench.run.status is RunStatus.CANCELLED


def test_a_crash_in_the_middle_of_a_submit_leaves_the_doubt() -> None:
    bench = Bench()
    bench.platform.submit_answers = [Crash()]
    with pytest.raises(Crash):
        bench.submit()
    cancel(bench)
    assert bench.run.status is RunStatus.RUNNING
    assert bench.submit().done
    assert bench.run.status is RunStatus.CANCELLED
    assert "check the run there" in bench.run.reason


def test_a_connector_that_announces_nothing_counts_as_sent_from_its_begin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()

    class Foreign(FakePlatform):
        def submit(self, order: SubmitRequest) -> Submitted:
            assert bench.run.attempts[0].may_be_sent
            raise HOST_ABSENT

    bench.app.platform = Foreign()
    connections = bench.app.services.connections
    monkeypatch.setattr(connections, "announces_sends", lambda job: False)
    bench.submit()
    assert not bench.run.attempts[0].may_be_sent
    cancel(bench)
    assert bench.run.status is RunStatus.CANCELLED
