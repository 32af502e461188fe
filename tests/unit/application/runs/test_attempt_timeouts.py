"""Time-outs of an attempt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from polysync_core.application.runs.attempts.services import (
    CANCEL_TIMEOUT,
    Timeouts,
)
from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import (
    RunStatus,
)
from polysync_core.platforms.connector import (
    ProviderStatus,
    Report,
    RunNotFound,
)
from tests.fakes.builders import a_run
from tests.fakes.platform import CANCELLED, FAILED, RUNNING, SUCCESS, FakePlatform
from tests.fakes.runs import Crash
from tests.unit.application.runs.attempt_bench import RETRY, Bench


def timed(seconds: int = 60, **facts: Any) -> Bench:
    bench = Bench(a_run(execution_timeout_seconds=seconds, **facts))
    bench.platform.reports = [RUNNING]
    bench.submit()
    return bench


def test_a_run_that_exceeds_its_time_is_stopped_and_the_proof_of_its_end_is_awaited() -> None:
    bench = timed()
    bench.clock.advance(seconds=59)
    assert not bench.poll().done
    assert bench.platform.cancelled == []
    bench.clock.advance(seconds=1)
    memo = bench.poll().memo
    assert bench.platform.cancelled == ["1"]
    assert bench.run.status is RunStatus.RUNNING
    assert "time-out of 60 seconds" in bench.run.history[-1].reason
    bench.platform.reports = [CANCELLED]
    assert bench.poll(memo).done
    assert bench.run.status is RunStatus.FAILED
    assert bench.run.attempts[0].cause is FailureCause.TIMEOUT


@pytest.mark.parametrize(
    ("report", "status", "cause"),
    [
        pytest.param(SUCCESS, RunStatus.SUCCEEDED, None, id="success"),
        pytest.param(FAILED, RunStatus.FAILED, FailureCause.ARTEFACT, id="failure"),
    ],
)
def test_a_result_that_precedes_the_stop_counts(
    report: Report, status: RunStatus, cause: FailureCause | None
) -> None:
    bench = timed()
    bench.clock.advance(seconds=61)
    memo = bench.poll().memo
    bench.platform.reports = [report]
    bench.poll(memo)
    assert (bench.run.status, bench.run.attempts[0].cause) == (status, cause)


def test_a_result_that_is_read_late_is_not_a_time_out() -> None:
    bench = timed()
    bench.clock.advance(hours=1)
    bench.platform.reports = [SUCCESS]
    bench.poll()
    assert bench.run.status is RunStatus.SUCCEEDED
    assert bench.platform.cancelled == []


def test_a_time_out_may_be_retried() -> None:
    bench = timed(retry=RETRY)
    bench.clock.advance(seconds=61)
    memo = bench.poll().memo
    bench.platform.reports = [CANCELLED]
    assert bench.poll(memo).retry is not None


def test_the_time_out_counts_from_the_start_on_the_platform_if_it_is_known() -> None:
    bench = timed()
    started = bench.clock.now + timedelta(seconds=50)
    bench.platform.reports = [Report(status=ProviderStatus.RUNNING, started_at=started)]
    bench.clock.advance(seconds=100)
    result = bench.poll()
    assert bench.platform.cancelled == []
    assert bench.run.times_out_at == started + timedelta(seconds=60)
    assert result.after_seconds <= 10


def test_the_deadline_is_noticed_when_it_is_reached_and_not_a_poll_later() -> None:
    bench = timed(seconds=100)
    memo = AttemptMemo(polls=60)
    bench.clock.advance(seconds=95)
    assert bench.poll(memo).after_seconds == 5
    bench.platform.reports = [Unavailable(retry_after=200)]
    assert bench.poll(memo).after_seconds == 5


def test_a_platform_that_is_unavailable_at_the_deadline_is_polled_with_pauses() -> None:
    bench = timed()
    bench.platform.reports = [Unavailable()]
    bench.clock.advance(seconds=60)
    assert bench.poll().after_seconds > 1
    assert bench.run.status is RunStatus.RUNNING


def test_a_time_out_survives_the_loss_of_the_engine() -> None:
    bench = timed()
    bench.clock.advance(seconds=61)
    bench.poll()
    bench.platform.reports = [CANCELLED]
    assert bench.poll(AttemptMemo()).done
    assert bench.run.attempts[0].cause is FailureCause.TIMEOUT


@pytest.mark.parametrize("write", [1, 2, 3])
def test_a_crash_around_a_time_out_never_makes_it_a_cancellation(write: int) -> None:
    bench = timed()
    bench.clock.advance(seconds=61)
    bench.runs.crash_at = bench.runs.writes + write
    for _ in range(3):
        try:
            bench.poll()
        except Crash:
            bench.runs.crash_at = None
        if bench.platform.cancelled:
            bench.platform.reports = [CANCELLED]
    assert bench.run.attempts[0].cause is FailureCause.TIMEOUT


def test_a_stop_without_proof_at_the_time_out_is_noted() -> None:
    bench = timed()
    bench.clock.advance(seconds=61)
    memo = bench.poll().memo
    bench.clock.now += CANCEL_TIMEOUT * 1.1
    assert bench.poll(memo).done
    assert bench.run.attempts[0].cause is FailureCause.TIMEOUT
    assert "did not confirm" in bench.run.reason


def test_a_cancellation_during_a_time_out_is_a_cancellation() -> None:
    bench = timed(retry=RETRY)
    bench.clock.advance(seconds=61)
    memo = bench.poll().memo
    bench.ask_to_cancel()
    bench.platform.reports = [CANCELLED]
    assert bench.poll(memo).retry is None
    assert bench.run.status is RunStatus.CANCELLED


def test_a_platform_that_does_not_answer_after_the_stop_is_awaited_for_a_limited_time() -> None:
    bench = timed()
    bench.ask_to_cancel()
    memo = bench.poll().memo
    bench.platform.reports = [Unavailable()]
    assert not bench.poll(memo).done
    bench.clock.now += CANCEL_TIMEOUT * 1.1
    assert bench.poll(memo).done
    assert bench.run.status is RunStatus.CANCELLED


def test_the_end_of_a_run_is_seen_although_the_platform_refuses_to_stop_it() -> None:
    class RefusesToStop(FakePlatform):
        def cancel(self, job, external_run_id):  # type: ignore[no-untyped-def]
            raise PlatformRefused("Not yours to stop.", cause=FailureCause.SUBMIT)

    bench = Bench()
    bench.app.platform = RefusesToStop()
    bench.platform.reports = [RUNNING]
    bench.submit()
    bench.ask_to_cancel()
    memo = bench.poll().memo
    bench.clock.advance(minutes=4)
    assert not bench.poll(memo).done
    bench.platform.reports = [SUCCESS]
    assert bench.poll(memo).done
    assert bench.run.status is RunStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("settings", "calls"),
    [
        pytest.param({"submit": timedelta(seconds=90)}, "submit", id="submit"),
        pytest.param({"lost": timedelta(seconds=90)}, "lost", id="lost"),
        pytest.param({"cancel": timedelta(seconds=90)}, "cancel", id="cancel"),
    ],
)
def test_each_timeout_is_a_setting(settings: dict[str, Any], calls: str) -> None:
    bench = Bench(timeouts=Timeouts(**settings))
    bench.platform.reports = [RunNotFound() if calls == "lost" else RUNNING]
    if calls == "submit":
        bench.platform.submit_answers = [Unavailable() for _ in range(9)]
    memo, step = bench.submit().memo, bench.submit if calls == "submit" else bench.poll
    if calls == "cancel":
        bench.ask_to_cancel()
    memo = step(memo).memo
    bench.clock.advance(seconds=89)
    result = step(memo)
    assert not result.done
    bench.clock.advance(seconds=2)
    assert step(result.memo).done
