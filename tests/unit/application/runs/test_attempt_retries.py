"""Retries after a failed attempt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polysync_core.application.runs.accepting import waiting_message
from polysync_core.application.runs.attempts.services import (
    SUBMIT_TIMEOUT,
)
from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import submit_token
from polysync_core.domain.runs.run import (
    RunStatus,
)
from tests.fakes.builders import a_run
from tests.fakes.platform import FAILED, RUNNING, SUCCESS, FakePlatform
from tests.fakes.runs import Crash
from tests.unit.application.runs.attempt_bench import RETRY, Bench


def retried() -> Bench:
    """A bench whose first attempt has failed and is to be followed by another."""
    bench = Bench(a_run(retry=RETRY))
    bench.platform.reports = [FAILED]
    bench.submit()
    return bench


def test_a_failed_attempt_is_kept_and_the_run_waits_for_the_next() -> None:
    bench = retried()
    result = bench.poll()

    until = bench.clock.now + timedelta(seconds=30)
    assert (bench.run.status, bench.run.not_before) == (RunStatus.QUEUED, until)
    attempt = bench.run.attempts[0]
    assert (attempt.status, attempt.cause) == (RunStatus.FAILED, FailureCause.ARTEFACT)
    assert (attempt.external_run_id, attempt.error) == ("1", "Division by zero.")
    assert result.done
    assert result.retry == waiting_message(bench.run)
    assert result.retry.not_before == until
    assert [entry.run_id for entry in bench.runs.active_runs()] == [bench.run_id]
    assert bench.run.finished_at is None


def test_the_end_of_an_attempt_and_the_wait_for_the_next_are_one_write() -> None:
    bench = retried()
    before = bench.runs.writes
    bench.poll()
    assert bench.runs.writes == before + 1


def test_a_poll_that_is_repeated_after_the_decision_returns_the_same_result() -> None:
    bench = retried()
    result = bench.poll()
    bench.clock.advance(seconds=5)
    assert bench.poll() == result == bench.submit()
    assert len(bench.run.attempts) == 1


def test_the_next_attempt_is_a_run_of_its_own_on_the_platform() -> None:
    bench = retried()
    bench.poll()
    bench.platform.reports = [SUCCESS]
    assert bench.submit(attempt=2).submitted
    assert bench.run.not_before is None
    assert bench.poll(attempt=2).done
    assert bench.run.status is RunStatus.SUCCEEDED
    assert [attempt.external_run_id for attempt in bench.run.attempts] == ["1", "2"]
    assert bench.platform.started == {
        submit_token(bench.run_id, 1): "1",
        submit_token(bench.run_id, 2): "2",
    }


def test_the_run_has_failed_only_after_the_last_attempt() -> None:
    bench = retried()
    statuses = []
    for number in (1, 2, 3):
        bench.submit(attempt=number)
        bench.poll(attempt=number)
        statuses.append(bench.run.status)
    assert statuses == [RunStatus.QUEUED, RunStatus.QUEUED, RunStatus.FAILED]
    assert bench.run.finished_at is not None
    assert not bench.runs.active


def test_a_step_of_an_earlier_attempt_does_not_change_the_next_one() -> None:
    bench = retried()
    bench.poll()
    bench.platform.reports = [RUNNING]
    bench.submit(attempt=2)
    before = bench.run
    assert bench.poll(attempt=1).done
    assert bench.submit(attempt=1).retry is None
    assert bench.attempts.abandon(bench.run_id, 1).done
    assert bench.run == before


def test_a_crash_while_the_retry_is_decided_is_repaired() -> None:
    bench = retried()
    bench.runs.crash_at = bench.runs.writes + 1
    with pytest.raises(Crash):
        bench.poll()
    assert bench.run.status is RunStatus.RUNNING
    assert bench.poll().retry == waiting_message(bench.run)


def test_a_refused_submit_is_not_retried() -> None:
    bench = Bench(a_run(retry=RETRY))
    bench.platform.submit_answers = [PlatformRefused("No.", cause=FailureCause.SUBMIT)]
    assert bench.submit().retry is None
    assert bench.run.status is RunStatus.FAILED


def test_a_platform_that_was_unavailable_for_too_long_is_tried_again_later() -> None:
    bench = Bench(a_run(retry=RETRY))
    bench.platform.submit_answers = [Unavailable(), Unavailable()]
    memo = bench.submit().memo
    bench.clock.now += SUBMIT_TIMEOUT * 1.1
    assert bench.submit(memo).retry is not None
    assert bench.run.attempts[0].cause is FailureCause.PLATFORM_UNREACHABLE


def test_a_submit_that_may_have_been_executed_is_not_repeated_as_another_attempt() -> None:
    bench = Bench(a_run(retry=RETRY))
    bench.platform.submit_answers = [Uncertain(), Unavailable()]
    memo = bench.submit().memo
    bench.clock.now += SUBMIT_TIMEOUT * 1.1
    assert bench.submit(memo).retry is None
    assert bench.run.status is RunStatus.FAILED
    assert "may still run on its platform" in bench.run.reason


def test_a_cancelled_run_is_not_retried() -> None:
    bench = retried()
    bench.ask_to_cancel()
    assert bench.poll().retry is None
    assert bench.run.status is RunStatus.FAILED


def test_an_abandoned_attempt_stops_its_external_run_before_another_starts() -> None:
    bench = Bench(a_run(retry=RETRY))
    bench.platform.reports = [RUNNING]
    bench.submit()
    assert bench.attempts.abandon(bench.run_id, 1).retry is not None
    assert bench.platform.cancelled == ["1"]


def test_an_abandoned_attempt_that_cannot_be_stopped_is_not_retried() -> None:
    class CannotBeStopped(FakePlatform):
        def cancel(self, job, external_run_id):  # type: ignore[no-untyped-def]
            raise Unavailable

    bench = Bench(a_run(retry=RETRY))
    bench.app.platform = CannotBeStopped()
    bench.submit()
    assert bench.attempts.abandon(bench.run_id, 1).retry is None
    assert bench.run.status is RunStatus.FAILED


def test_an_abandoned_attempt_that_never_began_is_recorded() -> None:
    bench = Bench(a_run(retry=RETRY))
    assert bench.attempts.abandon(bench.run_id, 1).retry is not None
    assert [attempt.cause for attempt in bench.run.attempts] == [FailureCause.INTERNAL]
