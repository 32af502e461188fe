"""Polls and cancellation of an attempt."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from polysync_core.application.runs.attempts.services import (
    CANCEL_TIMEOUT,
    LOST_TIMEOUT,
)
from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.polls.learning import RunEnd
from polysync_core.domain.runs.polls.plans import CANCELLING_DELAY
from polysync_core.domain.runs.run import (
    RunStatus,
    TaskRun,
)
from polysync_core.domain.runs.stored import Page
from polysync_core.platforms.connector import (
    ProviderStatus,
    Report,
    RunNotFound,
)
from tests.fakes.platform import CANCELLED, RUNNING, SUCCESS, FakePlatform
from tests.fakes.runs import FakeRunTable
from tests.unit.application.runs.attempt_bench import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    yield Bench()


def test_failed_polls_never_end_a_run(bench: Bench) -> None:
    bench.platform.reports = [Unavailable()]
    memo = bench.submit().memo
    for _ in range(50):
        result = bench.poll(memo)
        memo = result.memo
        bench.clock.advance(hours=1)
        assert not result.done
    bench.platform.reports = [SUCCESS]
    assert bench.poll(memo).done
    assert bench.run.status is RunStatus.SUCCEEDED


def test_an_unknown_state_is_polled_again(bench: Bench) -> None:
    bench.platform.reports = [Report(status=ProviderStatus.UNKNOWN)]
    bench.submit()
    assert not bench.poll().done


def test_a_run_that_the_platform_does_not_know_for_long_enough_is_lost(bench: Bench) -> None:
    bench.platform.reports = [RunNotFound()]
    memo = bench.submit().memo
    first = bench.poll(memo)
    assert not first.done
    bench.clock.now += LOST_TIMEOUT
    assert bench.poll(first.memo).done
    assert bench.run.attempts[0].cause is FailureCause.LOST


def test_a_run_that_the_platform_does_not_know_only_once_continues(bench: Bench) -> None:
    bench.platform.reports = [RunNotFound(), RUNNING, RunNotFound(), RUNNING]
    memo = bench.submit().memo
    for _ in range(3):
        memo = bench.poll(memo).memo
        bench.clock.now += LOST_TIMEOUT
    assert bench.run.status is RunStatus.RUNNING


def test_a_cancellation_is_sent_once_and_the_verdict_of_the_platform_is_awaited(
    bench: Bench,
) -> None:
    bench.platform.reports = [RUNNING, RUNNING, CANCELLED]
    bench.submit()
    bench.ask_to_cancel()
    memo = bench.poll().memo
    memo = bench.poll(memo).memo
    assert bench.run.status is RunStatus.RUNNING
    assert bench.poll(memo).done
    assert bench.platform.cancelled == ["1"]
    assert bench.run.status is RunStatus.CANCELLED


def test_a_run_that_finishes_before_its_cancellation_keeps_its_result(bench: Bench) -> None:
    bench.platform.reports = [SUCCESS]
    bench.submit()
    bench.ask_to_cancel()
    bench.poll()
    assert bench.run.status is RunStatus.SUCCEEDED


def test_a_cancellation_without_proof_ends_with_a_note(bench: Bench) -> None:
    bench.platform.reports = [RUNNING]
    bench.submit()
    bench.ask_to_cancel()
    memo = bench.poll().memo
    bench.clock.now += CANCEL_TIMEOUT * 1.1
    assert bench.poll(memo).done
    assert bench.run.status is RunStatus.CANCELLED
    assert "did not confirm" in bench.run.reason


def test_a_cancellation_during_the_submit_is_not_overwritten(bench: Bench) -> None:
    class CancelsMeanwhile(FakePlatform):
        def submit(self, order):  # type: ignore[no-untyped-def]
            bench.ask_to_cancel()
            return super().submit(order)

    bench.app.platform = CancelsMeanwhile()
    bench.submit()
    assert bench.run.cancel_requested is not None
    assert bench.run.attempts[0].external_run_id == "1"


def test_an_orchestration_of_an_earlier_attempt_touches_nothing(bench: Bench) -> None:
    bench.platform.reports = [SUCCESS]
    assert bench.attempts.submit(bench.run_id, 2, AttemptMemo()).done
    assert not bench.platform.orders
    assert bench.run.status is RunStatus.QUEUED


def test_long_runs_show_the_platforms_progress(bench: Bench) -> None:
    bench.platform.reports = [RUNNING]
    memo = bench.submit().memo
    bench.clock.advance(seconds=3)
    memo = bench.poll(memo).memo
    assert bench.run.attempts[0].provider_status == ProviderStatus.STARTING
    bench.clock.advance(seconds=2)
    bench.poll(memo)
    assert bench.run.attempts[0].provider_status == ProviderStatus.RUNNING


def test_an_abandoned_attempt_says_where_to_check(bench: Bench) -> None:
    bench.submit()
    assert bench.attempts.abandon(bench.run_id, 1).done
    assert bench.run.attempts[0].cause is FailureCause.INTERNAL


def test_a_memo_of_another_release_is_read() -> None:
    assert AttemptMemo.from_json({"polls": 3, "unheard_of": 1}) == AttemptMemo(polls=3)


def test_a_memo_comes_back_from_the_history_as_it_was() -> None:
    past = (RunEnd(by=61.5), RunEnd(by=70, exact=False))
    memo = AttemptMemo(polls=3, past=past, waited=12.5)
    assert AttemptMemo.from_json(json.loads(json.dumps(memo.as_json()))) == memo
    assert AttemptMemo.from_json(AttemptMemo(past=()).as_json()).past == ()


def test_a_task_whose_past_runs_cannot_be_read_is_executed() -> None:
    class Unlisted(FakeRunTable):
        def page(self, listing: Listing) -> Page[TaskRun]:
            raise Unavailable

    bench = Bench(runs=Unlisted())
    bench.platform.reports = [RUNNING, SUCCESS]
    assert bench.submit().submitted
    assert bench.poll(bench.poll().memo).done


def test_a_cancellation_is_prompt_even_when_polls_have_become_rare(bench: Bench) -> None:
    bench.platform.reports = [RUNNING]
    bench.submit()
    memo = AttemptMemo(past=(RunEnd(by=3_600),) * 5)
    bench.clock.advance(seconds=600)
    assert bench.poll(memo).after_seconds == 45

    bench.ask_to_cancel()

    assert bench.poll(memo).after_seconds == CANCELLING_DELAY
    assert bench.platform.cancelled == ["1"]
