"""Submits, crashes and races of an attempt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from polysync_core.application.runs.attempts.services import (
    CANCEL_TIMEOUT,
    SUBMIT_TIMEOUT,
)
from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.definitions.tasks import Retry
from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import submit_token
from polysync_core.domain.runs.run import (
    RunStatus,
)
from polysync_core.platforms.connector import (
    CannotStop,
    OutcomeUnknown,
    ProviderStatus,
    Report,
)
from tests.fakes.builders import a_run
from tests.fakes.platform import FAILED, RUNNING, SUCCESS, FakePlatform
from tests.fakes.runs import Crash
from tests.unit.application.runs.attempt_bench import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    yield Bench()


def test_a_run_is_submitted_polled_and_recorded(bench: Bench) -> None:
    bench.platform.reports = [RUNNING, SUCCESS]

    assert bench.submit().submitted
    assert not bench.poll().done
    assert bench.poll().done

    assert bench.run.status is RunStatus.SUCCEEDED
    assert bench.runs.deactivated == {bench.run_id: RunStatus.SUCCEEDED}
    assert not bench.runs.active


def test_a_run_that_is_polled_twice_costs_four_writes(bench: Bench) -> None:
    bench.platform.reports = [RUNNING, SUCCESS]
    bench.submit()
    bench.poll()
    bench.poll()
    assert bench.runs.writes == 4  # submitting, submitted, outcome, index


def test_a_resend_is_marked_only_after_an_uncertain_submit(bench: Bench) -> None:
    bench.platform.submit_answers = [Unavailable(), Uncertain(), Uncertain()]
    result = bench.submit()
    for _ in range(3):
        result = bench.submit(result.memo)

    assert [order.is_resend for order in bench.platform.orders] == [False, False, True, True]
    assert {order.begun_at for order in bench.platform.orders} == {bench.run.attempts[0].begun_at}


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_an_interrupted_submit_may_have_been_sent_after_any_number_of_failed_tries(
    failures: int,
) -> None:
    """The engine repeats a dead activity with the memo it had: the row tells the difference."""
    bench = Bench()
    memo = AttemptMemo()
    bench.platform.submit_answers = [Unavailable()] * failures
    for _ in range(failures):
        memo = bench.submit(memo).memo
    bench.platform.submit_answers = [Crash()]
    with pytest.raises(Crash):
        bench.submit(memo)

    bench.submit(memo)

    assert [order.is_resend for order in bench.platform.orders] == [False] * (failures + 1) + [True]


def test_of_two_executions_of_one_submit_the_second_is_a_resend(bench: Bench) -> None:
    """Both read the row before either has written it."""
    bench.runs.before_save = bench.submit
    bench.platform.submit_answers = [Uncertain(), Uncertain()]

    result = bench.submit()
    assert [order.is_resend for order in bench.platform.orders] == [False]
    bench.submit(result.memo)

    assert [order.is_resend for order in bench.platform.orders] == [False, True]


def test_an_attempt_with_an_unknown_outcome_is_lost_and_never_retried() -> None:
    bench = Bench(a_run(retry=Retry(enabled=True, max_retry_attempts=3)))
    bench.platform.submit_answers = [OutcomeUnknown("The function may have done its work.")]

    assert bench.submit().retry is None

    assert bench.run.status is RunStatus.FAILED
    assert bench.run.attempts[0].cause is FailureCause.LOST
    assert bench.run.reason == (
        "The function may have done its work. It may still run on its platform; "
        "check the run there."
    )


def test_a_refusal_after_an_uncertain_submit_does_not_start_a_second_run() -> None:
    bench = Bench(a_run(retry=Retry(enabled=True, max_retry_attempts=3)))
    bench.platform.submit_answers = [
        Uncertain(),
        PlatformRefused("No.", cause=FailureCause.SUBMIT),
    ]

    result = bench.submit(bench.submit().memo)

    assert (result.done, result.retry) == (True, None)
    assert bench.run.status is RunStatus.FAILED


def test_an_end_that_the_submit_reports_is_recorded_in_one_write(bench: Bench) -> None:
    bench.platform.at_once = Report(status=ProviderStatus.SUCCESS, outputs={"rows": 7})

    assert bench.submit().done

    assert bench.run.status is RunStatus.SUCCEEDED
    assert bench.run.outputs == {"rows": 7}
    attempt = bench.run.attempts[0]
    assert (attempt.external_run_id, attempt.monitor_url) == ("1", "https://p/1")
    assert attempt.submitted_at is not None
    assert bench.runs.writes == 3  # submitting, outcome, index


def test_a_failure_that_the_submit_reports_is_retried_like_any_other() -> None:
    bench = Bench(a_run(retry=Retry(enabled=True, max_retry_attempts=3)))
    bench.platform.at_once = FAILED

    assert bench.submit().retry is not None
    assert bench.run.attempts[0].error == "Division by zero."


def test_a_platform_can_say_with_the_submit_when_to_poll(bench: Bench) -> None:
    bench.platform.at_once = Report(status=ProviderStatus.RUNNING, retry_after=60)

    result = bench.submit()

    assert result.submitted
    assert result.after_seconds == 60


def test_a_run_that_cannot_be_stopped_is_awaited_and_then_visibly_abandoned(
    bench: Bench,
) -> None:
    bench.platform.reports = [RUNNING]
    bench.platform.cancel_answer = CannotStop()
    bench.submit()
    bench.ask_to_cancel()
    result = bench.poll()
    assert not result.done
    bench.clock.advance(seconds=CANCEL_TIMEOUT.total_seconds() + 1)

    assert bench.poll(result.memo).done

    assert bench.run.status is RunStatus.CANCELLED
    assert "check the run there" in bench.run.reason


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param(True, RunStatus.CANCELLED, id="Polysync asked for it"),
        pytest.param(False, RunStatus.FAILED, id="Polysync did not ask for it"),
    ],
)
def test_a_failure_after_a_requested_stop_is_a_cancellation(
    bench: Bench, asked: bool, status: RunStatus
) -> None:
    bench.platform.reports = [RUNNING, replace(FAILED, may_be_stopped=True)]
    bench.submit()
    if asked:
        bench.ask_to_cancel()
    bench.poll(bench.poll().memo)

    assert bench.run.status is status


def test_the_attempts_token_is_what_the_platform_gets(bench: Bench) -> None:
    bench.submit()
    assert bench.platform.orders[0].token == submit_token(bench.run_id, 1)


def test_a_repeated_submit_starts_nothing_new(bench: Bench) -> None:
    bench.submit()
    bench.submit()
    assert len(bench.platform.started) == 1
    assert len(bench.platform.orders) == 1


def test_a_lost_answer_is_asked_again_with_the_same_token(bench: Bench) -> None:
    bench.platform.lost_answers = 1
    first = bench.submit()
    assert not first.submitted
    assert not first.done
    assert bench.submit(first.memo).submitted
    assert len(bench.platform.started) == 1


@pytest.mark.parametrize("write", [1, 2])
def test_a_crash_at_either_write_of_a_submit_starts_one_run(write: int) -> None:
    bench = Bench()
    bench.runs.crash_at = write
    with pytest.raises(Crash):
        bench.submit()
    assert bench.submit().submitted
    assert len(bench.platform.started) == 1
    assert bench.run.attempts[0].external_run_id == "1"


@pytest.mark.parametrize("write", [1, 2])
def test_a_crash_at_either_write_of_the_end_is_repaired_by_the_next_poll(write: int) -> None:
    bench = Bench()
    bench.platform.reports = [SUCCESS]
    bench.submit()
    bench.runs.crash_at = bench.runs.writes + write
    with pytest.raises(Crash):
        bench.poll()
    assert bench.poll().done
    assert bench.run.status is RunStatus.SUCCEEDED
    assert not bench.runs.active


def test_a_failure_keeps_the_message_of_the_platform(bench: Bench) -> None:
    bench.platform.reports = [FAILED]
    bench.submit()
    bench.poll()
    attempt = bench.run.attempts[0]
    assert (attempt.cause, attempt.error) == (FailureCause.ARTEFACT, "Division by zero.")


def test_a_refusal_ends_the_run_with_its_cause(bench: Bench) -> None:
    refusal = PlatformRefused("No such notebook.", cause=FailureCause.SUBMIT)
    bench.platform.submit_answers = [refusal]
    assert bench.submit().done
    assert bench.run.status is RunStatus.FAILED
    assert bench.run.attempts[0].cause is FailureCause.SUBMIT


def test_a_platform_without_an_answer_is_polled_less_and_less_often(bench: Bench) -> None:
    bench.platform.submit_answers = [Unavailable() for _ in range(3)]
    memo, delays = AttemptMemo(), []
    for _ in range(3):
        result = bench.submit(memo)
        memo = result.memo
        delays.append(result.after_seconds)
    assert delays == sorted(set(delays))


def test_a_platforms_retry_after_is_respected(bench: Bench) -> None:
    bench.platform.submit_answers = [Unavailable(retry_after=42)]
    assert bench.submit().after_seconds == 42


def test_a_submit_without_an_answer_for_too_long_fails_the_run(bench: Bench) -> None:
    bench.platform.submit_answers = [Uncertain(), Uncertain()]
    first = bench.submit()
    bench.clock.now += SUBMIT_TIMEOUT * 1.1
    assert bench.submit(first.memo).done
    assert bench.run.attempts[0].cause is FailureCause.PLATFORM_UNREACHABLE


def test_a_run_that_was_started_for_an_ended_attempt_is_stopped() -> None:
    """An activity reached the platform after the end of its attempt."""

    class Slow(FakePlatform):
        def start(self, order):  # type: ignore[no-untyped-def]
            bench.attempts.abandon(bench.run_id, 1)
            return super().start(order)

    bench = Bench()
    bench.app.platform = Slow()
    assert bench.submit().done
    assert bench.platform.cancelled == ["1"]
    assert bench.run.status is RunStatus.FAILED
