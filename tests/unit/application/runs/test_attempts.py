"""The steps of an attempt: alone, repeated, interrupted and in races."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.api.views import run_view
from polysync_core.application.runs.accepting import waiting_message
from polysync_core.application.runs.attempts import (
    CANCEL_TIMEOUT,
    LOST_TIMEOUT,
    SUBMIT_TIMEOUT,
)
from polysync_core.application.runs.steps import AttemptMemo, StepResult
from polysync_core.application.runs.submission import SubmissionBuilder
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.tasks import Retry
from polysync_core.domain.errors import PlatformRefused, TooLarge, Unavailable, Uncertain
from polysync_core.domain.runs.events import is_note
from polysync_core.domain.runs.identity import attempt_token
from polysync_core.domain.runs.poll_learning import Ended
from polysync_core.domain.runs.polling import CANCELLING_DELAY
from polysync_core.domain.runs.run import (
    RunStatus,
    TaskRun,
    new_run,
    request_cancel,
)
from polysync_core.domain.runs.stored import Listing, Page, StoredRun
from polysync_core.domain.secrets import Secret
from polysync_core.platforms.connector import (
    CannotStop,
    OutcomeUnknown,
    ProviderStatus,
    Report,
    RunNotFound,
)
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_run
from tests.fakes.platform import CANCELLED, FAILED, RUNNING, SUCCESS, FakePlatform
from tests.fakes.runs import Crash, FakeRunTable

PLATFORM = Platform(
    name="lakehouse",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
)


class Bench:
    """An app with one accepted run."""

    def __init__(
        self, run: TaskRun | None = None, *, runs: FakeRunTable | None = None, **settings: Any
    ) -> None:
        self.runs = runs or FakeRunTable()
        self.app = FakeApp(PLATFORM, runs=self.runs)
        self.clock = self.app.clock
        self.secrets: dict[str, Secret | Exception] = {}
        self.attempts = replace(
            self.app.services.attempt_steps,
            submissions=SubmissionBuilder(resolve_secret=self._resolve),
            **settings,
        )
        run = run or a_run()
        self.run_id = run.run_id
        self.runs.add_active(new_run(run, actor="test"))
        self.runs.writes = 0

    @property
    def platform(self) -> Any:
        return self.app.platform

    def _resolve(self, reference: str) -> Secret:
        found = self.secrets[reference]
        if isinstance(found, Exception):
            raise found
        return found

    @property
    def run(self) -> TaskRun:
        return self.runs.rows[self.run_id].run

    def submit(self, memo: AttemptMemo | None = None, attempt: int = 1) -> StepResult:
        return self.attempts.submit(self.run_id, attempt, memo or AttemptMemo())

    def poll(self, memo: AttemptMemo | None = None, attempt: int = 1) -> StepResult:
        return self.attempts.poll(self.run_id, attempt, memo or AttemptMemo())

    def ask_to_cancel(self) -> None:
        stored = self.runs.rows[self.run_id]
        self.runs.save(stored, request_cancel(stored.run, at=self.clock(), actor="api"))


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
def test_a_submit_that_died_half_way_may_have_been_sent_however_often_it_was_tried_before(
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

    bench.submit()

    assert [order.is_resend for order in bench.platform.orders] == [False, True]


def test_what_cannot_be_found_out_is_lost_and_never_tried_again() -> None:
    bench = Bench(a_run(retry=Retry(enabled=True, max_retry_attempts=3)))
    bench.platform.submit_answers = [OutcomeUnknown("The function may have done its work.")]

    assert bench.submit().retry is None

    assert bench.run.status is RunStatus.FAILED
    assert bench.run.attempts[0].cause is FailureCause.LOST
    assert bench.run.reason == (
        "The function may have done its work. It may still run on its platform; "
        "check the run there."
    )


def test_a_refusal_after_a_submit_in_doubt_does_not_start_another_beside_it() -> None:
    bench = Bench(a_run(retry=Retry(enabled=True, max_retry_attempts=3)))
    bench.platform.submit_answers = [
        Uncertain(),
        PlatformRefused("No.", cause=FailureCause.SUBMIT),
    ]

    result = bench.submit(bench.submit().memo)

    assert (result.done, result.retry) == (True, None)
    assert bench.run.status is RunStatus.FAILED


def test_an_end_that_comes_with_the_submit_is_recorded_in_one_write(bench: Bench) -> None:
    bench.platform.at_once = Report(status=ProviderStatus.SUCCESS, outputs={"rows": 7})

    assert bench.submit().done

    assert bench.run.status is RunStatus.SUCCEEDED
    assert bench.run.outputs == {"rows": 7}
    attempt = bench.run.attempts[0]
    assert (attempt.external_run_id, attempt.monitor_url) == ("1", "https://p/1")
    assert attempt.submitted_at is not None
    assert bench.runs.writes == 3  # submitting, outcome, index


def test_a_failure_that_comes_with_the_submit_is_retried_as_any_other() -> None:
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
        pytest.param(False, RunStatus.FAILED, id="nobody asked for it"),
    ],
)
def test_a_platform_that_calls_a_stopped_run_failed_is_understood(
    bench: Bench, asked: bool, status: RunStatus
) -> None:
    bench.platform.reports = [RUNNING, replace(FAILED, may_be_stopped=True)]
    bench.submit()
    if asked:
        bench.ask_to_cancel()
    bench.poll(bench.poll().memo)

    assert bench.run.status is status


class SmallRuns(FakeRunTable):
    """A store that takes rows of a few hundred characters only."""

    def save(self, stored: StoredRun, run: TaskRun) -> StoredRun:
        if len(str(run.outputs)) > 200:
            raise TooLarge("the text is longer than can be stored")
        return super().save(stored, run)


@pytest.mark.parametrize(
    ("outputs", "why"),
    [
        pytest.param({"table": "x" * 300}, "longer than can be stored", id="no room in the row"),
        pytest.param({"table": "x" * 65_535}, "has 65,537 bytes as JSON", id="too long"),
        pytest.param({"text": "\ud800"}, "half of a surrogate pair", id="half a character"),
        pytest.param({"rate": float("inf")}, "rate (must be a finite number)", id="not finite"),
        pytest.param({"__class__": "x"}, "this key is not allowed", id="a key of the engine"),
    ],
)
def test_work_that_is_done_is_done_even_if_its_outputs_cannot_be_stored(
    outputs: dict[str, Any], why: str
) -> None:
    bench = Bench(runs=SmallRuns())
    bench.platform.reports = [Report(status=ProviderStatus.SUCCESS, outputs=outputs)]
    bench.submit()

    assert bench.poll().done

    assert (bench.run.status, bench.run.outputs) == (RunStatus.SUCCEEDED, {})
    assert bench.run.attempts[0].error is None
    notes = [entry.reason for entry in bench.run.history if is_note(entry)]
    assert len(notes) == 1
    assert why in notes[0]


def test_an_output_that_cannot_be_kept_takes_no_other_with_it(bench: Bench) -> None:
    outputs = {"rows": 5, "table": "x" * 70_000, "path": "/mnt/a"}
    bench.platform.reports = [Report(status=ProviderStatus.SUCCESS, outputs=outputs)]
    bench.submit()
    bench.poll()

    assert bench.run.outputs == {"rows": 5, "path": "/mnt/a"}
    assert set(bench.run.outputs_not_kept) == {"table"}
    assert "70,002 bytes" in bench.run.outputs_not_kept["table"]


def test_a_sensitive_output_is_in_no_row_and_no_view() -> None:
    job = a_job(parameters=[{"name": "token", "direction": "Output", "sensitive": True}])
    bench = Bench(a_run(job=job))
    outputs = {"token": "canary", "rows": 1}
    bench.platform.reports = [Report(status=ProviderStatus.SUCCESS, outputs=outputs)]
    bench.submit()
    bench.poll()

    assert "canary" not in repr(bench.runs.rows)
    assert run_view(bench.run)["outputs"] == {"rows": 1, "token": {"redacted": True}}


def test_a_failed_attempt_has_no_outputs(bench: Bench) -> None:
    report = Report(status=ProviderStatus.FAILED, outputs={"rows": 5})
    bench.platform.reports = [report]
    bench.submit()
    bench.poll()

    assert (bench.run.status, bench.run.outputs) == (RunStatus.FAILED, {})


def test_a_run_says_which_outputs_its_platform_could_not_give(bench: Bench) -> None:
    report = Report(status=ProviderStatus.SUCCESS, outputs_missing="The value was cut.")
    bench.platform.reports = [report]
    bench.submit()
    bench.poll()

    assert bench.run.reason == "The platform reports success. The value was cut."


def test_the_attempts_token_is_what_the_platform_gets(bench: Bench) -> None:
    bench.submit()
    assert bench.platform.orders[0].token == attempt_token(bench.run_id, 1)


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


def test_a_failure_keeps_the_platforms_words(bench: Bench) -> None:
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


def test_a_secret_that_cannot_be_read_ends_the_run_before_anything_is_sent() -> None:
    bench = Bench(a_run(parameters={"key": "vault://v/missing"}))
    bench.secrets["vault://v/missing"] = PlatformRefused(
        "Vault v has no secret 'missing'.", cause=FailureCause.SECRET
    )
    assert bench.submit().done
    assert bench.run.attempts[0].cause is FailureCause.SECRET
    assert not bench.platform.orders


def test_a_secret_reaches_the_platform_and_no_row() -> None:
    bench = Bench(a_run(parameters={"key": "vault://v/s"}))
    bench.secrets["vault://v/s"] = Secret("canary")
    bench.submit()
    assert bench.platform.orders[0].parameters["key"] == Secret("canary")
    assert "canary" not in repr(bench.runs.rows)


_ECHO = Report(status=ProviderStatus.SUCCESS, outputs={"title": "a canary-7 sings", "rows": 7})


@pytest.mark.parametrize("at_once", [True, False])
def test_an_artefact_that_echoes_a_secret_brings_it_into_no_row(at_once: bool) -> None:
    bench = Bench(a_run(parameters={"text": "vault://v/s"}))
    bench.secrets["vault://v/s"] = Secret("canary-7")
    bench.platform.at_once = _ECHO if at_once else None
    bench.platform.reports = [_ECHO]
    result = bench.submit()
    if not result.done:
        bench.poll(result.memo)

    assert (bench.run.status, bench.run.outputs) == (RunStatus.SUCCEEDED, {"rows": 7})
    assert "canary-7" not in repr(bench.runs.rows)


def test_outputs_are_not_kept_where_a_secret_cannot_be_compared_any_more() -> None:
    bench = Bench(a_run(parameters={"text": "vault://v/s"}))
    bench.secrets["vault://v/s"] = Secret("canary-7")
    bench.platform.reports = [_ECHO]
    memo = bench.submit().memo
    bench.secrets["vault://v/s"] = PlatformRefused("It is gone.", cause=FailureCause.SECRET)

    assert bench.poll(memo).done

    assert (bench.run.status, bench.run.outputs) == (RunStatus.SUCCEEDED, {})
    assert "outputs are not kept" in bench.run.reason


def test_a_vault_that_does_not_answer_delays_the_end_and_loses_no_output() -> None:
    bench = Bench(a_run(parameters={"text": "vault://v/s"}))
    bench.secrets["vault://v/s"] = Secret("canary-7")
    bench.platform.reports = [_ECHO, _ECHO]
    memo = bench.submit().memo
    bench.secrets["vault://v/s"] = Unavailable("The vault is away.")
    result = bench.poll(memo)
    assert not result.done
    bench.secrets["vault://v/s"] = Secret("canary-7")

    assert bench.poll(result.memo).done

    assert bench.run.outputs == {"rows": 7}


def test_run_variables_are_filled_in_for_the_attempt() -> None:
    bench = Bench(a_run(parameters={"tag": "${run.id}/${run.attempt}"}))
    bench.submit()
    assert bench.platform.orders[0].parameters["tag"] == f"{bench.run_id}/1"


def test_a_variable_in_a_typed_parameter_becomes_of_its_type() -> None:
    job = a_job(parameters=[{"name": "attempt", "dataType": "Int"}])
    bench = Bench(a_run(job=job, parameters={"attempt": "${run.attempt}"}))
    bench.submit()
    assert bench.platform.orders[0].parameters["attempt"] == 1


def test_a_variable_that_does_not_fit_its_parameter_fails_the_run_before_it_is_sent() -> None:
    job = a_job(parameters=[{"name": "day", "dataType": "Int"}])
    bench = Bench(a_run(job=job, parameters={"day": "${run.scheduledTime:%A}"}))
    assert bench.submit().done
    assert bench.run.attempts[0].cause is FailureCause.PARAMETERS
    assert not bench.platform.orders


def test_output_parameters_are_not_sent() -> None:
    job = a_job(parameters=[{"name": "rows", "direction": "Output"}])
    bench = Bench(a_run(job=job, parameters={"rows": "1", "in": "2"}))
    bench.submit()
    assert dict(bench.platform.orders[0].parameters) == {"in": "2"}


def test_a_platform_without_an_answer_is_asked_less_and_less_often(bench: Bench) -> None:
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


def test_a_run_that_the_platform_denies_for_long_enough_is_lost(bench: Bench) -> None:
    bench.platform.reports = [RunNotFound()]
    memo = bench.submit().memo
    first = bench.poll(memo)
    assert not first.done
    bench.clock.now += LOST_TIMEOUT
    assert bench.poll(first.memo).done
    assert bench.run.attempts[0].cause is FailureCause.LOST


def test_a_run_that_the_platform_denies_only_once_goes_on(bench: Bench) -> None:
    bench.platform.reports = [RunNotFound(), RUNNING, RunNotFound(), RUNNING]
    memo = bench.submit().memo
    for _ in range(3):
        memo = bench.poll(memo).memo
        bench.clock.now += LOST_TIMEOUT
    assert bench.run.status is RunStatus.RUNNING


def test_cancelling_asks_the_platform_once_and_waits_for_its_word(bench: Bench) -> None:
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


def test_a_cancellation_without_proof_ends_and_says_so(bench: Bench) -> None:
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
    past = (Ended(by=61.5), Ended(by=70, exact=False))
    memo = AttemptMemo(polls=3, past=past, waited=12.5)
    assert AttemptMemo.from_json(json.loads(json.dumps(memo.as_json()))) == memo
    assert AttemptMemo.from_json(AttemptMemo(past=()).as_json()).past == ()


def test_a_task_whose_past_cannot_be_read_is_carried_out_all_the_same() -> None:
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
    memo = AttemptMemo(past=(Ended(by=3_600),) * 5)
    bench.clock.advance(seconds=600)
    assert bench.poll(memo).after_seconds == 45

    bench.ask_to_cancel()

    assert bench.poll(memo).after_seconds == CANCELLING_DELAY
    assert bench.platform.cancelled == ["1"]


RETRY = Retry(enabled=True, max_retry_attempts=2, initial_delay_seconds=30)


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
        attempt_token(bench.run_id, 1): "1",
        attempt_token(bench.run_id, 2): "2",
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


def test_a_step_of_an_earlier_attempt_leaves_the_next_one_alone() -> None:
    bench = retried()
    bench.poll()
    bench.platform.reports = [RUNNING]
    bench.submit(attempt=2)
    before = bench.run
    assert bench.poll(attempt=1).done
    assert bench.submit(attempt=1).retry is None
    assert bench.attempts.abandon(bench.run_id, 1).done
    assert bench.run == before


def test_a_crash_while_the_retry_is_decided_is_made_good() -> None:
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


def test_a_platform_that_was_away_for_too_long_is_tried_again_later() -> None:
    bench = Bench(a_run(retry=RETRY))
    bench.platform.submit_answers = [Unavailable(), Unavailable()]
    memo = bench.submit().memo
    bench.clock.now += SUBMIT_TIMEOUT * 1.1
    assert bench.submit(memo).retry is not None
    assert bench.run.attempts[0].cause is FailureCause.PLATFORM_UNREACHABLE


def test_a_submit_that_may_have_been_carried_out_is_not_repeated_as_another_attempt() -> None:
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


def test_giving_up_stops_the_external_run_before_another_is_started() -> None:
    bench = Bench(a_run(retry=RETRY))
    bench.platform.reports = [RUNNING]
    bench.submit()
    assert bench.attempts.abandon(bench.run_id, 1).retry is not None
    assert bench.platform.cancelled == ["1"]


def test_giving_up_what_cannot_be_stopped_is_final() -> None:
    class CannotBeStopped(FakePlatform):
        def cancel(self, job, external_run_id):  # type: ignore[no-untyped-def]
            raise Unavailable

    bench = Bench(a_run(retry=RETRY))
    bench.app.platform = CannotBeStopped()
    bench.submit()
    assert bench.attempts.abandon(bench.run_id, 1).retry is None
    assert bench.run.status is RunStatus.FAILED


def test_an_attempt_that_never_began_is_recorded_when_it_is_given_up() -> None:
    bench = Bench(a_run(retry=RETRY))
    assert bench.attempts.abandon(bench.run_id, 1).retry is not None
    assert [attempt.cause for attempt in bench.run.attempts] == [FailureCause.INTERNAL]


def timed(seconds: int = 60, **facts: Any) -> Bench:
    bench = Bench(a_run(execution_timeout_seconds=seconds, **facts))
    bench.platform.reports = [RUNNING]
    bench.submit()
    return bench


def test_a_run_that_is_out_of_time_is_stopped_and_its_proof_awaited() -> None:
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
def test_a_result_that_comes_before_the_stop_counts(
    report: Report, status: RunStatus, cause: FailureCause | None
) -> None:
    bench = timed()
    bench.clock.advance(seconds=61)
    memo = bench.poll().memo
    bench.platform.reports = [report]
    bench.poll(memo)
    assert (bench.run.status, bench.run.attempts[0].cause) == (status, cause)


def test_a_result_that_is_seen_late_is_not_a_time_out() -> None:
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


def test_the_time_runs_from_the_platforms_start_where_that_is_known() -> None:
    bench = timed()
    started = bench.clock.now + timedelta(seconds=50)
    bench.platform.reports = [Report(status=ProviderStatus.RUNNING, started_at=started)]
    bench.clock.advance(seconds=100)
    result = bench.poll()
    assert bench.platform.cancelled == []
    assert bench.run.deadline == started + timedelta(seconds=60)
    assert result.after_seconds <= 10


def test_the_deadline_is_noticed_at_it_and_not_a_poll_later() -> None:
    bench = timed(seconds=100)
    memo = AttemptMemo(polls=60)
    bench.clock.advance(seconds=95)
    assert bench.poll(memo).after_seconds == 5
    bench.platform.reports = [Unavailable(retry_after=200)]
    assert bench.poll(memo).after_seconds == 5


def test_a_platform_that_is_away_at_the_deadline_is_not_asked_without_a_pause() -> None:
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


def test_an_unproven_stop_at_the_time_out_says_so() -> None:
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


def test_a_platform_that_goes_silent_after_the_stop_is_waited_for_only_so_long() -> None:
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
    bench.clock.advance(hours=1)
    assert not bench.poll(memo).done
    bench.platform.reports = [SUCCESS]
    assert bench.poll(memo).done
    assert bench.run.status is RunStatus.SUCCEEDED


def test_what_was_started_for_an_attempt_that_is_over_is_stopped() -> None:
    """An activity slept through the end of its attempt and then reached the platform after all."""

    class Slow(FakePlatform):
        def submit(self, order):  # type: ignore[no-untyped-def]
            bench.attempts.abandon(bench.run_id, 1)
            return super().submit(order)

    bench = Bench()
    bench.app.platform = Slow()
    assert bench.submit().done
    assert bench.platform.cancelled == ["1"]
    assert bench.run.status is RunStatus.FAILED


@pytest.mark.parametrize(
    ("settings", "calls"),
    [
        pytest.param({"submit_timeout": timedelta(seconds=90)}, "submit", id="submit"),
        pytest.param({"lost_timeout": timedelta(seconds=90)}, "lost", id="lost"),
        pytest.param({"cancel_timeout": timedelta(seconds=90)}, "cancel", id="cancel"),
    ],
)
def test_each_timeout_is_a_setting(settings: dict[str, Any], calls: str) -> None:
    bench = Bench(**settings)
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
