"""Executes the steps of one attempt: submit, poll, stop, and record the end.

An activity calls each step at least once, perhaps twice, perhaps after a crash. A step begins by
reading the row, which is the truth, and ends by returning the orchestration's next step.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from polysync_core.application.platforms.connections import Connections
from polysync_core.application.runs.finishing import (
    ACTOR,
    AttemptRecorder,
    in_words,
    is_over,
    is_to_stop,
    reported,
    reported_at_submit,
    unconfirmed_stop,
    with_doubt,
    with_progress,
)
from polysync_core.application.runs.polling import PollPlanner
from polysync_core.application.runs.steps import AttemptMemo, StepResult
from polysync_core.application.runs.store import RunStore, Updated
from polysync_core.application.runs.submission import SubmissionBuilder, record_send
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import Invalid, NotFound, PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.redaction import NO_SECRETS, Redactor
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.polling import CANCELLING_DELAY, delay_after_failure
from polysync_core.domain.runs.run import (
    Attempt,
    RunStatus,
    TaskRun,
    time_out,
    with_attempt,
)
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.domain.secrets import Secret
from polysync_core.platforms.connector import (
    CannotStop,
    OutcomeUnknown,
    ProviderStatus,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from polysync_core.telemetry.tracing import on_behalf_of

SUBMIT_TIMEOUT = timedelta(minutes=15)
"""How long a submit without an answer is retried."""
CANCEL_TIMEOUT = timedelta(minutes=5)
"""How long a platform may take to confirm that it has stopped a run."""
LOST_TIMEOUT = timedelta(minutes=2)
"""How long a platform may deny a run that it accepted, before the run counts as lost."""
_MIN_AGE_TO_RECORD = timedelta(seconds=3.5)
"""The age from which a new provider status is written; shorter runs save the write."""

OUTPUTS_UNCOMPARED = (
    "Its outputs are not kept: a secret that it was given can no longer be read, so nothing shows "
    "whether they hold it."
)

_log = logging.getLogger(__name__)

_POLL_FAILURES = (Unavailable, Uncertain, PlatformRefused, Invalid, NotFound)
"""Errors of a poll; they concern the platform or its definition, and not the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSteps:
    """Executes the steps of an attempt."""

    store: RunStore
    recorder: AttemptRecorder
    connections: Connections
    submissions: SubmissionBuilder
    planner: PollPlanner
    clock: Clock
    submit_timeout: timedelta = SUBMIT_TIMEOUT
    cancel_timeout: timedelta = CANCEL_TIMEOUT
    lost_timeout: timedelta = LOST_TIMEOUT

    def submit(self, run_id: RunId, attempt: int, memo: AttemptMemo) -> StepResult:
        """Start the attempt on its platform, once, however often this is called."""
        with self._reading(run_id, attempt, step="submit") as stored:
            if is_over(stored.run, attempt):
                return self.recorder.after_attempt(stored.run, attempt)
            sending = self._record_send(stored, attempt, memo.failures + 1)
            if not sending.is_written:
                # An earlier execution of this step was interrupted: it may have sent the submit.
                memo = replace(memo, uncertain=True)
            stored, current = sending.stored, sending.stored.run.attempt
            if not stored.run.carries(attempt) or current is None:
                return self.recorder.after_attempt(stored.run, attempt)
            if current.external_run_id is not None:
                return StepResult(submitted=True, memo=AttemptMemo())
            return self._send(stored, current, memo)

    def poll(self, run_id: RunId, attempt: int, memo: AttemptMemo) -> StepResult:
        """Read the attempt's state on its platform; stop it if necessary; record its end."""
        with self._reading(run_id, attempt, step="poll") as stored:
            external_id = stored.run.attempt and stored.run.attempt.external_run_id
            if not stored.run.carries(attempt):
                return self.recorder.after_attempt(stored.run, attempt)
            if external_id is None:
                return StepResult(submitted=False)
            try:
                report, redactor = self._read(stored.run, external_id)
            except RunNotFound:
                return self._run_not_found(stored, memo)
            except _POLL_FAILURES as error:
                return self._poll_failed(stored, memo, error)
            if report.status.is_final:
                return self._end(stored, report, redactor)
            stored = self._record_progress(stored, report)
            if is_to_stop(stored.run):
                return self._stop(stored, external_id, memo)
            return self._plan_poll(stored.run, memo.after_poll(), report.retry_after)

    def abandon(self, run_id: RunId, attempt: int) -> StepResult:
        """End an attempt that faults of Polysync itself keep from going on."""
        with self._reading(run_id, attempt, step="abandon") as stored:
            if is_over(stored.run, attempt):
                return self.recorder.after_attempt(stored.run, attempt)
            # An attempt that was never sent may be retried at once; one that was sent must stop
            # first.
            may_repeat = stored.run.status is RunStatus.QUEUED or self._stop_attempt(stored.run)
            stored = self._record_send(stored, attempt, 1).stored
            if not stored.run.carries(attempt):
                return self.recorder.after_attempt(stored.run, attempt)
            message = "Polysync could not carry on; its log holds the reason under this run's id."
            message = with_doubt(message, not may_repeat)
            return self.recorder.fail(stored, FailureCause.INTERNAL, message, may_repeat=may_repeat)

    @contextmanager
    def _reading(self, run_id: RunId, attempt: int, *, step: str) -> Generator[StoredRun]:
        """Read the run, and work within the trace of its attempt."""
        stored = self.store.read(run_id)
        with on_behalf_of(stored.run, attempt, step=step):
            yield stored

    # Submitting

    def _record_send(self, stored: StoredRun, attempt: int, number: int) -> Updated:
        return record_send(self.store, stored, attempt, number, clock=self.clock)

    def _send(self, stored: StoredRun, current: Attempt, memo: AttemptMemo) -> StepResult:
        run = stored.run
        try:
            connector = self.connections.job(run.job)
            request = self.submissions.request(run, current, is_resend=memo.uncertain)
            submitted = connector.submit(request)
        except (PlatformRefused, Invalid, NotFound) as error:
            cause = error.cause if isinstance(error, PlatformRefused) else FailureCause.SUBMIT
            message = with_doubt(str(error), memo.uncertain)
            return self.recorder.fail(stored, cause, message, may_repeat=not memo.uncertain)
        except OutcomeUnknown as error:
            message = with_doubt(str(error), True)
            return self.recorder.fail(stored, FailureCause.LOST, message, may_repeat=False)
        except (Unavailable, Uncertain) as error:
            return self._submit_failed(stored, memo, error)
        _log.info(
            "Attempt submitted.",
            extra={
                "action": "attempt_submitted",
                "run_id": run.run_id,
                "attempt": current.number,
                "platform": run.job.platform,
                "external_run_id": submitted.external_run_id,
            },
        )
        return self._submitted(stored, current.number, request, submitted)

    def _submitted(
        self, stored: StoredRun, attempt: int, request: SubmitRequest, submitted: Submitted
    ) -> StepResult:
        """Record what the platform answered to the submit."""
        report = submitted.report
        if report is not None and report.status.is_final:
            given = request.parameters.values()
            redactor = Redactor(each for each in given if isinstance(each, Secret))
            return self.recorder.end(
                stored, lambda run: reported_at_submit(run, submitted, report, redactor)
            )
        stored = self.store.update(
            stored, lambda run: self._with_submission(run, attempt, submitted)
        )
        if not stored.run.carries(attempt):
            return self._overtaken(stored, attempt, submitted)
        if stored.run.cancel_requested is not None:
            return self._again(stored.run, 0, AttemptMemo())
        retry_after = report.retry_after if report is not None else None
        return self._plan_poll(stored.run, AttemptMemo(), retry_after)

    def _with_submission(self, run: TaskRun, attempt: int, submitted: Submitted) -> TaskRun | None:
        current = run.attempt
        if not run.carries(attempt) or current is None or current.external_run_id is not None:
            return None
        return with_attempt(
            run,
            replace(
                current,
                external_run_id=submitted.external_run_id,
                monitor_url=submitted.monitor_url,
                provider_status=ProviderStatus.STARTING,
                submitted_at=self.clock(),
            ),
        )

    def _overtaken(self, stored: StoredRun, attempt: int, submitted: Submitted) -> StepResult:
        """Stop the platform's run if another execution of this step ended the attempt."""
        known = stored.run.attempts[attempt - 1].external_run_id
        if known != submitted.external_run_id:
            self._stop_abandoned(stored.run, submitted.external_run_id)
        return self.recorder.after_attempt(stored.run, attempt)

    def _submit_failed(
        self, stored: StoredRun, memo: AttemptMemo, error: Unavailable | Uncertain
    ) -> StepResult:
        """Retry a submit that got no answer, until the submit time-out."""
        now = self.clock()
        memo = memo.after_failure(now)
        memo = replace(memo, uncertain=memo.uncertain or isinstance(error, Uncertain))
        if memo.failing_for(now) <= self.submit_timeout:
            delay = _delay_after(memo, error, stored.run)
            return StepResult(submitted=False, after_seconds=delay, memo=memo)
        message = f"The platform gave no answer to the submit for {in_words(self.submit_timeout)}."
        return self.recorder.fail(
            stored,
            FailureCause.PLATFORM_UNREACHABLE,
            with_doubt(message, memo.uncertain),
            may_repeat=not memo.uncertain,
        )

    # Polling

    def _read(self, run: TaskRun, external_id: str) -> tuple[Report, Redactor]:
        """Return the platform's report, and the redactor for its outputs.

        Outputs that cannot be compared with the secrets are dropped. If a vault is unavailable, the
        next poll asks it again.
        """
        report = self.connections.job(run.job).read(run.job, external_id)
        if not report.outputs:
            return report, NO_SECRETS
        try:
            return report, Redactor(self.submissions.secrets_of(run))
        except PlatformRefused:
            return replace(report, outputs={}, outputs_missing=OUTPUTS_UNCOMPARED), NO_SECRETS

    def _end(self, stored: StoredRun, report: Report, redactor: Redactor) -> StepResult:
        self.planner.record_end(stored.run, report)
        return self.recorder.end(stored, lambda run: reported(run, report, redactor))

    def _record_progress(self, stored: StoredRun, report: Report) -> StoredRun:
        """Write what is new about the attempt, and that its time is up."""
        attempt = stored.run.attempt
        if attempt is None:
            return stored
        if self._is_worth_a_write(stored.run, attempt, report):
            stored = self.store.update(
                stored, lambda run: with_progress(run, attempt.number, report)
            )
        return self.store.update(stored, lambda run: self._with_time_out(run, attempt.number))

    def _is_worth_a_write(self, run: TaskRun, attempt: Attempt, report: Report) -> bool:
        if run.execution_timeout_seconds is not None and report.started_at not in {
            None,
            attempt.started_at,
        }:
            return True
        age = self.clock() - (attempt.submitted_at or self.clock())
        return attempt.provider_status != report.status and age >= _MIN_AGE_TO_RECORD

    def _with_time_out(self, run: TaskRun, attempt: int) -> TaskRun | None:
        """Record an expired time-out, before the platform is asked to stop."""
        deadline = run.deadline
        if not run.carries(attempt) or run.cancel_requested is not None or deadline is None:
            return None
        now = self.clock()
        return time_out(run, at=now, actor=ACTOR) if now >= deadline else None

    def _run_not_found(self, stored: StoredRun, memo: AttemptMemo) -> StepResult:
        now = self.clock()
        memo = memo.after_failure(now)
        if memo.failing_for(now) < self.lost_timeout:
            return self._again(stored.run, delay_after_failure(memo.failures), memo)
        message = "The platform no longer knows the run; it may have been deleted there."
        return self.recorder.fail(stored, FailureCause.LOST, message)

    def _poll_failed(self, stored: StoredRun, memo: AttemptMemo, error: Exception) -> StepResult:
        """A failed poll says nothing about the run; poll again with back-off."""
        now = self.clock()
        if memo.stopping_for(now) > self.cancel_timeout:
            return self._end_unconfirmed(stored)
        memo = memo.after_failure(now)
        return self._again(stored.run, _delay_after(memo, error, stored.run), memo)

    def _plan_poll(self, run: TaskRun, memo: AttemptMemo, retry_after: float | None) -> StepResult:
        delay, memo = self.planner.next_delay(run, memo, retry_after=retry_after)
        return self._again(run, delay, memo)

    def _again(self, run: TaskRun, delay: float, memo: AttemptMemo) -> StepResult:
        """Poll again after a delay, or at the deadline if that is earlier."""
        if run.deadline is not None and run.deadline > self.clock():
            delay = min(delay, (run.deadline - self.clock()).total_seconds())
        return StepResult(submitted=True, after_seconds=delay, memo=memo.after_wait(delay))

    # Stopping

    def _stop(self, stored: StoredRun, external_id: str, memo: AttemptMemo) -> StepResult:
        """Ask the platform to stop, once per orchestration, and wait for its confirmation."""
        run = stored.run
        if memo.stop_sent is None:
            try:
                self.connections.job(run.job).cancel(run.job, external_id)
            except RunNotFound:
                return self._run_not_found(stored, memo)
            except CannotStop:
                # The run can only end by itself; Polysync waits as long as for a confirmation.
                _log.warning("The platform cannot stop a run.", extra=_facts("cannot_stop", run))
            except _POLL_FAILURES as error:
                return self._poll_failed(stored, memo, error)
            else:
                _log.info("The platform was asked to stop a run.", extra=_facts("cancel_sent", run))
            memo = replace(memo, stop_sent=self.clock().timestamp())
        if memo.stopping_for(self.clock()) > self.cancel_timeout:
            return self._end_unconfirmed(stored)
        return self._again(run, CANCELLING_DELAY, memo.after_poll())

    def _end_unconfirmed(self, stored: StoredRun) -> StepResult:
        return self.recorder.end(stored, lambda run: unconfirmed_stop(run, self.cancel_timeout))

    def _stop_attempt(self, run: TaskRun) -> bool:
        """Stop the attempt under way; return whether its platform accepted the request."""
        attempt = run.attempt
        if attempt is None or attempt.external_run_id is None:
            return False
        return self._stop_abandoned(run, attempt.external_run_id)

    def _stop_abandoned(self, run: TaskRun, external_id: str) -> bool:
        """Ask the platform to stop a run that no orchestration will poll again."""
        try:
            self.connections.job(run.job).cancel(run.job, external_id)
        except (*_POLL_FAILURES, RunNotFound, CannotStop):
            message = "The platform could not be asked to stop an abandoned run."
            _log.warning(message, extra=_facts("stop_failed", run))
            return False
        _log.warning("An abandoned run was stopped.", extra=_facts("abandoned_run_stopped", run))
        return True


def _delay_after(memo: AttemptMemo, error: Exception, run: TaskRun) -> float:
    """Return the back-off after a failed call, and log it."""
    retry_after = error.retry_after if isinstance(error, Unavailable) else None
    delay = delay_after_failure(memo.failures, retry_after=retry_after)
    _log.warning(
        "A call to the platform failed; it will be retried.",
        extra={
            "action": "platform_call_failed",
            "run_id": run.run_id,
            "platform": run.job.platform,
            "error": str(error),
            "failures": memo.failures,
            "retry_after_seconds": round(delay, 1),
        },
    )
    return delay


def _facts(action: str, run: TaskRun) -> dict[str, object]:
    external_id = run.attempt and run.attempt.external_run_id
    return {"action": action, "run_id": run.run_id, "external_run_id": external_id}
