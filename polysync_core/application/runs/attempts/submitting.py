"""Submits an attempt to its platform once, and records the answer or the failure."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from polysync_core.application.platforms.platform_texts import PlatformTexts
from polysync_core.application.runs.attempts.failures import delay_after, error_text, failure_of
from polysync_core.application.runs.attempts.outcomes import (
    cancelled_before_submit,
    submit_failed,
    submit_timed_out,
    with_platform_answer,
)
from polysync_core.application.runs.attempts.send_guard import SendGuard
from polysync_core.application.runs.attempts.services import AttemptServices
from polysync_core.application.runs.attempts.state_texts import submitted_text
from polysync_core.application.runs.attempts.stopping import Stopper
from polysync_core.application.runs.finishing import ACTOR, reported_at_submit
from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.application.runs.submission import SubmissionBuilder
from polysync_core.domain.errors import Invalid, NotFound, PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.problem import ProblemStep
from polysync_core.domain.runs.interruptions import with_failure, with_stop_tried, without_problem
from polysync_core.domain.runs.run import TaskRun, begin_attempt, with_attempt
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.platforms.connector import (
    OutcomeUnknown,
    ProviderStatus,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.send_observer import Withheld, observing_sends

_OVERTAKEN_DELAY = 1.0
"""Seconds until the next try after another execution of the step has sent the submit."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Submits attempts; every step may be repeated."""

    services: AttemptServices
    submissions: SubmissionBuilder
    texts: PlatformTexts
    stopper: Stopper

    def submit(self, stored: StoredRun, attempt: int, memo: AttemptMemo) -> StepResult:
        """Start the attempt on its platform, unless it is known there or cancelled."""
        run, current = stored.run, _current(stored.run, attempt)
        if current is not None and current.external_run_id is not None:
            return StepResult(submitted=True)
        if current is not None and run.cancel_requested is not None and not current.may_be_sent:
            return self._end_cancelled(stored, None)
        return self._send(stored, attempt, memo)

    def begun(self, stored: StoredRun, attempt: int, begun_at: datetime) -> StoredRun:
        """Begin the attempt of a queued run without a submit."""
        return self.services.store.update(
            stored, lambda run: self._with_begin(run, attempt, begun_at)
        )

    def _send(self, stored: StoredRun, attempt: int, memo: AttemptMemo) -> StepResult:
        """Send the submit; for a run that was cancelled, only search the platform for it."""
        pending = _current(stored.run, attempt) or Attempt(
            number=attempt, begun_at=self.services.clock(), sends=0
        )
        guard = SendGuard(
            store=self.services.store,
            clock=self.services.clock,
            stored=stored,
            attempt=attempt,
            begun_at=pending.begun_at or stored.run.queued_at,
            is_resend=pending.may_be_sent,
        )
        try:
            request = self.submissions.request(stored.run, pending, is_resend=guard.is_resend)
            with self.texts.filtered_errors(stored.run.job, stored.run.parameters.values()):
                submitted = self._call(guard, request)
        except (PlatformRefused, Invalid, NotFound) as error:
            return self._refused(guard, error)
        except OutcomeUnknown as error:
            return self._unknown(guard, error)
        except (Unavailable, Uncertain) as error:
            return self._failed(guard, memo, error)
        except Withheld:
            """The guard says why."""
        else:
            return self._submitted(guard, request, submitted)
        return self._withheld(guard, memo)

    def _call(self, guard: SendGuard, request: SubmitRequest) -> Submitted:
        connector = self.services.connections.job(request.job)
        if self.services.connections.announces_sends(request.job):
            with observing_sends(guard):
                return connector.submit(request)
        guard.before_send()
        try:
            return connector.submit(request)
        except (Unavailable, PlatformRefused):
            guard.not_arrived()
            raise

    # Answers

    def _submitted(
        self, guard: SendGuard, request: SubmitRequest, submitted: Submitted
    ) -> StepResult:
        """Record the platform's answer to the submit."""
        _log_submit(guard, submitted)
        submitted, redactor = self.texts.submitted(guard.stored.run, submitted)
        stored, report = guard.stored, submitted.report
        if report is not None and report.status.is_final:
            stored = self.begun(stored, guard.attempt, guard.begun_at)
            normal = self.services.planner.longest_normal(stored.run)
            stored = self.services.with_slow_mark(stored, normal, since=guard.begun_at)
            return self.services.recorder.end(
                stored, lambda run: reported_at_submit(run, submitted, report, redactor)
            )
        title = self.services.connections.title(request.job)
        stored = self.services.store.update(
            stored, lambda run: self._with_submission(run, guard, submitted, title)
        )
        if not stored.run.carries(guard.attempt):
            return self._overtaken(stored, guard.attempt, submitted)
        if stored.run.cancel_requested is not None:
            return self.services.poll_after(stored.run, 0, AttemptMemo())
        retry_after = report.retry_after if report is not None else None
        return self.services.plan_poll(stored.run, AttemptMemo(), retry_after)

    def _with_submission(
        self, run: TaskRun, guard: SendGuard, submitted: Submitted, title: str
    ) -> TaskRun | None:
        now = self.services.clock()
        run = self._with_begin(run, guard.attempt, guard.begun_at) or run
        current = _current(run, guard.attempt)
        if current is None or current.external_run_id is not None:
            return None
        known = replace(
            current,
            external_run_id=submitted.external_run_id,
            monitor_url=submitted.monitor_url,
            provider_status=ProviderStatus.STARTING,
            submitted_at=now,
        )
        run = without_problem(with_attempt(run, known), *ProblemStep, at=now)
        return replace(run, reason=submitted_text(run, title, now))

    def _overtaken(self, stored: StoredRun, attempt: int, submitted: Submitted) -> StepResult:
        """Stop the platform's run if another execution of this step ended the attempt."""
        known = stored.run.attempts[attempt - 1 : attempt]
        if not known or known[0].external_run_id != submitted.external_run_id:
            self.stopper.stop_abandoned(stored.run, submitted.external_run_id)
        return self.services.recorder.after_attempt(stored.run, attempt)

    # Failures

    def _refused(self, guard: SendGuard, error: PlatformRefused | Invalid | NotFound) -> StepResult:
        stored = self.begun(guard.stored, guard.attempt, guard.begun_at)
        cause = error.cause if isinstance(error, PlatformRefused) else FailureCause.SUBMIT
        may_run = guard.is_resend or not guard.is_unsent
        return self.services.recorder.end(
            stored,
            lambda run: with_platform_answer(
                submit_failed(run, cause, error_text(error), may_run=may_run), error
            ),
        )

    def _unknown(self, guard: SendGuard, error: OutcomeUnknown) -> StepResult:
        stored = self.begun(guard.stored, guard.attempt, guard.begun_at)
        return self.services.recorder.end(
            stored,
            lambda run: with_platform_answer(
                submit_failed(run, FailureCause.LOST, error_text(error), may_run=True), error
            ),
        )

    def _failed(
        self, guard: SendGuard, memo: AttemptMemo, error: Unavailable | Uncertain
    ) -> StepResult:
        """Plan the next try of a submit that got no answer, until the time-out."""
        services, now = self.services, self.services.clock()
        failure = failure_of(ProblemStep.SUBMIT, error, guard.stored.run)
        delay = delay_after(guard.stored.run, failure, error)

        def change(run: TaskRun) -> TaskRun | None:
            run = self._with_begin(run, guard.attempt, guard.begun_at) or run
            if _current(run, guard.attempt) is None:
                return None
            run = _with_settled_sends(run, guard)
            if run.cancel_requested is not None:
                run = with_stop_tried(run, at=now, accepted=False)
            end, next_try = self._limit(run), now + timedelta(seconds=delay)
            return with_failure(run, failure, at=now, next_try=min(next_try, end), gives_up=end)

        stored = services.store.update(guard.stored, change)
        run, current = stored.run, _current(stored.run, guard.attempt)
        if current is None:
            return services.recorder.after_attempt(run, guard.attempt)
        if run.cancel_requested is not None and not current.may_be_sent:
            return self._end_cancelled(stored, None)
        if now > self._limit(run) or memo.waited > services.timeouts.submit.total_seconds():
            return services.recorder.end(
                stored, lambda run: submit_timed_out(run, error, services.timeouts)
            )
        # The last try is made when the time is over.
        left = (self._limit(run) - now).total_seconds() + 1
        delay = min(delay, left)
        return StepResult(submitted=False, after_seconds=delay, memo=memo.after_wait(delay))

    def _withheld(self, guard: SendGuard, memo: AttemptMemo) -> StepResult:
        """Continue after a submit that was not sent, or not sent again."""
        if guard.fault is not None:
            raise guard.fault
        services, attempt = self.services, guard.attempt
        stored = services.store.update(
            guard.stored,
            lambda run: _with_settled_sends(run, guard) if run.carries(attempt) else None,
        )
        current = _current(stored.run, attempt)
        if current is None:
            return services.recorder.after_attempt(stored.run, attempt)
        if stored.run.cancel_requested is not None:
            return self._end_cancelled(stored, "The submit may have reached the platform.")
        return StepResult(submitted=False, after_seconds=_OVERTAKEN_DELAY, memo=memo)

    def _end_cancelled(self, stored: StoredRun, hint: str | None) -> StepResult:
        return self.services.recorder.end(stored, lambda run: cancelled_before_submit(run, hint))

    def _limit(self, run: TaskRun) -> datetime:
        """Return the time at which the submit is given up, counted from its first try."""
        attempt, timeouts = run.attempt, self.services.timeouts
        if attempt is None or attempt.begun_at is None:
            return run.queued_at + timeouts.submit
        if run.cancel_requested is not None and attempt.stop_tried is not None:
            return attempt.stop_tried + timeouts.cancel
        return attempt.begun_at + timeouts.submit

    def _with_begin(self, run: TaskRun, attempt: int, begun_at: datetime) -> TaskRun | None:
        if not run.is_queued_for(attempt):
            return None
        now = self.services.clock()
        begun = begin_attempt(run, at=now, actor=ACTOR, begun_at=begun_at, sends=0)
        return without_problem(begun, ProblemStep.START, at=now)


def _current(run: TaskRun, attempt: int) -> Attempt | None:
    return run.attempt if run.carries(attempt) else None


def _with_settled_sends(run: TaskRun, guard: SendGuard) -> TaskRun:
    """Count a submit that was written ahead and certainly did not arrive."""
    attempt = run.attempt
    if attempt is None or not guard.is_announced or not guard.is_unsent:
        return run
    return with_attempt(run, replace(attempt, unsent=attempt.unsent + 1))


def _log_submit(guard: SendGuard, submitted: Submitted) -> None:
    run = guard.stored.run
    _log.info(
        "Attempt submitted.",
        extra={
            "action": "attempt_submitted",
            "run_id": run.run_id,
            "attempt": guard.attempt,
            "platform": run.job.platform,
            "external_run_id": submitted.external_run_id,
        },
    )
