"""Tests the life of a run as a state machine: repeated, late and interrupted steps.

The platform is a small one that really runs: what it started, finished and was asked to stop is
the judge, beside the row and its history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from polysync_core.application.runs.attempts.services import CANCEL_TIMEOUT, LOST_TIMEOUT
from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.tasks import Retry
from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.retries import INFRASTRUCTURE_CAUSES, RETRYABLE_CAUSES
from polysync_core.domain.runs.identity import submit_token
from polysync_core.domain.runs.run import ALLOWED_TRANSITIONS, RunStatus, TaskRun, new_run
from polysync_core.platforms.connector import (
    ProviderStatus,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from tests.examples import examples
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_run
from tests.fakes.platform import FakePlatform
from tests.fakes.runs import Crash, FakeRunTable

pytestmark = pytest.mark.slow

PLATFORM = Platform(
    name="lakehouse",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
)


@dataclass
class ExternalRun:
    """A run as the platform knows it."""

    status: ProviderStatus = ProviderStatus.RUNNING
    cause: FailureCause | None = None
    asked_to_stop: bool = False
    deleted: bool = False


@dataclass
class LivePlatform(FakePlatform):
    """Runs each submit until a test ends the run; the next calls raise the `refusals`."""

    external: dict[str, ExternalRun] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    refusals: list[Exception] = field(default_factory=list)
    loses_answers: bool = False
    interrupt: Callable[[], None] | None = None
    """An event that happens elsewhere during the next call of the platform."""

    def start(self, order: SubmitRequest) -> Submitted:
        self._think()
        external_id = self.tokens.setdefault(order.token, f"e{len(self.tokens) + 1}")
        self.external.setdefault(external_id, ExternalRun())
        self._answer()
        return Submitted(external_run_id=external_id)

    def read(self, job: Job, external_run_id: str) -> Report:
        self._think()
        known = self.external[external_run_id]
        if known.deleted:
            raise RunNotFound
        self._answer()
        return Report(status=known.status, cause=known.cause)

    def cancel(self, job: Job, external_run_id: str) -> None:
        self._think()
        self.external[external_run_id].asked_to_stop = True
        self._answer()

    def _think(self) -> None:
        interrupt, self.interrupt = self.interrupt, None
        if interrupt is not None:
            interrupt()
        if self.refusals:
            raise self.refusals.pop()

    def _answer(self) -> None:
        if self.loses_answers:
            self.loses_answers = False
            raise Uncertain


class RunLife(RuleBasedStateMachine):
    """One run, its orchestrations (some of them ghosts) and everybody who interferes."""

    @initialize(
        attempts=st.sampled_from([3, 2, 1, 0]),
        infrastructure=st.none() | st.integers(0, 2),
        timeout=st.none() | st.sampled_from([40, 250]),
    )
    def accept(self, attempts: int, infrastructure: int | None, timeout: int | None) -> None:
        self.runs, self.platform = FakeRunTable(), LivePlatform()
        app = FakeApp(PLATFORM, runs=self.runs)
        app.platform, self.clock, self.engine = self.platform, app.clock, app.engine
        self.attempts = app.services.attempt_steps
        self.task_runs = app.services.task_runs
        retry = Retry(
            enabled=True, max_retry_attempts=attempts, max_infrastructure_attempts=infrastructure
        )
        self.first = a_run(retry=retry, execution_timeout_seconds=timeout)
        self.runs.add_active(new_run(self.first, actor="test"))
        self.memos: dict[int, AttemptMemo] = {}
        self.outcomes: set[tuple[RunStatus, str]] = set()
        self.longest: tuple[object, ...] = ()

    @property
    def run(self) -> TaskRun:
        return self.runs.rows[self.first.run_id].run

    @property
    def due(self) -> int:
        """The attempt that an orchestration would carry now."""
        return (
            self.run.next_attempt if self.run.status is RunStatus.QUEUED else len(self.run.attempts)
        )

    def step(self, attempt: int, *, crash: int | None = None) -> None:
        """Execute the next step of an attempt; the step may crash."""
        memo = self.memos.get(attempt, AttemptMemo())
        current = self.run.attempts[attempt - 1 : attempt]
        submitted = bool(current and current[0].external_run_id)
        call = self.attempts.poll if submitted else self.attempts.submit
        self.runs.crash_at = None if crash is None else self.runs.writes + crash
        try:
            result = call(self.first.run_id, attempt, memo)
        except Crash:
            self.memos.pop(attempt, None)
        else:
            self.memos[attempt] = result.memo
            self._check(result, attempt)
        finally:
            self.runs.crash_at = None
            self.platform.interrupt = None

    def _check(self, result: StepResult, attempt: int) -> None:
        if result.retry is not None:
            assert result.done
            assert result.retry.attempt == attempt + 1
            assert result.retry.not_before is not None
        if not result.done and result.submitted and self.run.times_out_at is not None:
            ahead = (self.run.times_out_at - self.clock()).total_seconds()
            assert ahead <= 0 or result.after_seconds <= ahead

    # What the orchestrations do

    @rule(crash=st.none() | st.integers(1, 3))
    def carry_on(self, crash: int | None) -> None:
        self.step(self.due, crash=crash)

    @precondition(lambda self: not self.run.status.is_terminal)
    @rule(cause=st.none() | st.sampled_from(sorted(RETRYABLE_CAUSES)), twice=st.booleans())
    def an_attempt_fails(self, cause: FailureCause | None, twice: bool) -> None:
        """Two or three steps together, so that runs reach their last attempts."""
        self.step(self.due)
        if self._live():
            self.the_platform_finishes(ProviderStatus.FAILED, cause)
        attempt = self.due
        if twice:
            self.platform.interrupt = lambda: self.step(attempt)
        self.step(attempt)

    @rule(attempt=st.integers(1, 4))
    def a_late_or_repeated_step(self, attempt: int) -> None:
        if attempt <= self.due:
            self.step(attempt)

    @rule(crash=st.none() | st.integers(1, 2))
    def a_step_is_overtaken_by_its_repetition(self, crash: int | None) -> None:
        attempt = self.due
        self.platform.interrupt = lambda: self.step(attempt)
        self.step(attempt, crash=crash)

    @rule()
    def a_step_races_with_a_cancellation(self) -> None:
        self.platform.interrupt = self.cancel
        self.step(self.due)

    @rule()
    def the_engine_forgets_everything(self) -> None:
        self.memos.clear()

    @precondition(lambda self: self.run.status in {RunStatus.QUEUED, RunStatus.RUNNING})
    @rule(crash=st.none() | st.integers(1, 2))
    def our_faults_make_us_give_up(self, crash: int | None) -> None:
        self.runs.crash_at = None if crash is None else self.runs.writes + crash
        try:
            self.attempts.abandon(self.first.run_id, self.due)
        except Crash:
            self.runs.crash_at = None
        self.runs.crash_at = None

    # What others do

    @rule()
    def cancel(self) -> None:
        before = self.run
        after = self.task_runs.cancel(before.run_id, actor="test", engine=self.engine)
        if before.status is RunStatus.QUEUED:
            assert after.status is RunStatus.CANCELLED
        elif before.status is RunStatus.RUNNING and after.status is not RunStatus.RUNNING:
            assert after.status is RunStatus.CANCELLED
            assert submit_token(after.run_id, len(after.attempts)) not in self.platform.tokens
        else:
            assert after.status is before.status

    @precondition(lambda self: self._live())
    @rule(
        status=st.sampled_from([ProviderStatus.SUCCESS, ProviderStatus.FAILED]),
        cause=st.none() | st.sampled_from(sorted(FailureCause)),
    )
    def the_platform_finishes(self, status: ProviderStatus, cause: FailureCause | None) -> None:
        external = self._live()[-1]
        external.status = status
        external.cause = cause if status is ProviderStatus.FAILED else None

    @precondition(lambda self: any(each.asked_to_stop for each in self._live()))
    @rule()
    def the_platform_stops_what_it_was_asked_to(self) -> None:
        for external in self._live():
            if external.asked_to_stop:
                external.status = ProviderStatus.CANCELLED

    @precondition(lambda self: self._live())
    @rule()
    def the_platform_forgets_a_run(self) -> None:
        self._live()[-1].deleted = True

    @rule(
        refusal=st.sampled_from(
            [
                Unavailable(retry_after=3),
                Uncertain(),
                PlatformRefused("No.", cause=FailureCause.SUBMIT),
            ]
        ),
        times=st.integers(1, 2),
    )
    def the_next_calls_fail(self, refusal: Exception, times: int) -> None:
        self.platform.refusals = [refusal] * times

    @rule()
    def the_next_answer_is_lost(self) -> None:
        self.platform.loses_answers = True

    @rule(seconds=st.sampled_from([1, 30, 60, 300, 901, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    def _live(self) -> list[ExternalRun]:
        return [
            each
            for each in self.platform.external.values()
            if each.status is ProviderStatus.RUNNING and not each.deleted
        ]

    # What must be true

    @invariant()
    def the_history_is_one_path_of_allowed_transitions(self) -> None:
        entries = self.run.history
        assert entries[: len(self.longest)] == self.longest
        self.longest = entries
        status = None
        for entry in entries:
            assert entry.from_status is status
            allowed = status is None or entry.to_status in {status, *ALLOWED_TRANSITIONS[status]}
            assert allowed
            status = entry.to_status
        assert status is self.run.status

    @invariant()
    def there_is_one_outcome(self) -> None:
        if self.run.status.is_terminal:
            self.outcomes.add((self.run.status, self.run.reason))
        else:
            assert not self.outcomes
        assert len(self.outcomes) <= 1

    @invariant()
    def every_attempt_but_the_last_failed_for_a_reason_to_try_again(self) -> None:
        run = self.run
        over = run.attempts if run.status is RunStatus.QUEUED else run.attempts[:-1]
        for attempt in over:
            assert attempt.status is RunStatus.FAILED
            assert attempt.cause in RETRYABLE_CAUSES
            assert attempt.finished_at is not None
        budget = run.retry.max_infrastructure_attempts
        if budget is not None:
            infrastructure = sum(attempt.cause in INFRASTRUCTURE_CAUSES for attempt in over)
            assert infrastructure <= budget
            assert len(over) - infrastructure <= run.retry.max_retry_attempts
        else:
            assert len(over) <= run.retry.max_retry_attempts

    @invariant()
    def a_run_that_is_to_be_cancelled_is_not_tried_again(self) -> None:
        assert self.run.cancel_requested is None or self.run.status is not RunStatus.QUEUED

    @invariant()
    def an_attempt_starts_one_run_at_most_and_it_is_the_recorded_one(self) -> None:
        for attempt in self.run.attempts:
            started = self.platform.tokens.get(submit_token(self.run.run_id, attempt.number))
            assert attempt.external_run_id in {None, started}
        numbers = [attempt.number for attempt in self.run.attempts]
        assert numbers == list(range(1, len(numbers) + 1))

    @invariant()
    def nothing_runs_unwatched(self) -> None:
        """Every external run ends, stops, is polled, or has a hint to check it."""
        for attempt in self.run.attempts:
            token = submit_token(self.run.run_id, attempt.number)
            known = self.platform.external.get(self.platform.tokens.get(token, ""))
            if known is None or known.status.is_final or known.asked_to_stop or known.deleted:
                continue
            if attempt.status is RunStatus.RUNNING:
                continue
            assert attempt.number == len(self.run.attempts)
            assert self.run.status in {RunStatus.FAILED, RunStatus.CANCELLED}
            assert "check the run there" in (attempt.error or "")

    @invariant()
    def a_run_that_ends_is_settled_by_the_next_step(self) -> None:
        if self.run.status.is_terminal and self.first.run_id in self.runs.deactivated:
            assert self.runs.deactivated[self.first.run_id] == self.run.status
            assert not self.runs.active
        if not self.run.status.is_terminal:
            assert self.runs.active

    def teardown(self) -> None:
        """The run ends after any history if the platform answers."""
        if not hasattr(self, "runs"):
            return
        self.platform.refusals, self.platform.loses_answers = [], False
        self.memos.clear()
        for _ in range(60):
            if self.run.status.is_terminal:
                break
            self.step(self.due)
            self.clock.now += max(LOST_TIMEOUT, CANCEL_TIMEOUT) + timedelta(seconds=1)
            for external in self._live():
                stopped = external.asked_to_stop
                external.status = ProviderStatus.CANCELLED if stopped else ProviderStatus.SUCCESS
        self.step(self.due)
        assert self.run.status.is_terminal
        assert self.runs.deactivated == {self.first.run_id: self.run.status}
        self.nothing_runs_unwatched()


RunLife.TestCase.settings = settings(examples(50), stateful_step_count=25)
TestRunLife = RunLife.TestCase
