"""Polls an attempt on its platform, and records progress, a problem or the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from polysync_core.application.platforms.platform_texts import PlatformTexts
from polysync_core.application.runs.attempts.failures import CALL_FAILURES, delay_after, failure_of
from polysync_core.application.runs.attempts.run_not_found import after_denial
from polysync_core.application.runs.attempts.services import AttemptServices
from polysync_core.application.runs.attempts.state_texts import state_text
from polysync_core.application.runs.attempts.stopping import Stopper
from polysync_core.application.runs.finishing import ACTOR, reported
from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.application.runs.store import Recalled
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.failures.problem import ProblemStep
from polysync_core.domain.runs.interruptions import is_to_stop, time_out, without_problem
from polysync_core.domain.runs.run import TaskRun, with_attempt
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.domain.security.redaction import Redactor
from polysync_core.platforms.connector import Report, RunNotFound

_MIN_AGE_TO_RECORD = timedelta(seconds=3.5)
"""The age from which a new provider status is written; shorter runs save the write."""
_LONGEST_MESSAGE = 300
"""A longer text of the platform is cut."""
_TEXT_INTERVAL = timedelta(minutes=1)
"""A new text of an unchanged provider status is written at most this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poller:
    """Polls attempts; every step may be repeated."""

    services: AttemptServices
    texts: PlatformTexts
    stopper: Stopper

    def poll(self, recalled: Recalled, memo: AttemptMemo) -> StepResult:
        """Read the attempt's state; stop it if necessary; record its end.

        The end is recorded by compare-and-set. Everything else needs the newest row, for example
        because only the row shows a cancellation.
        """
        run = recalled.stored.run
        number, external_id = len(run.attempts), _external_id(run)
        answer = self._ask(run, external_id)
        if isinstance(answer, tuple) and answer[0].status.is_final:
            return self._end(recalled.stored, memo, *answer)
        stored = recalled.stored if recalled.is_read else self.services.store.read(run.run_id)
        if not stored.run.carries(number):
            return self.services.recorder.after_attempt(stored.run, number)
        match answer:
            case RunNotFound():
                return after_denial(self.services, stored, answer, memo)
            case PolysyncError():
                return self._unread(stored, external_id, memo, answer)
            case (report, _):
                return self._under_way(stored, external_id, memo, report)

    def _under_way(
        self, stored: StoredRun, external_id: str, memo: AttemptMemo, report: Report
    ) -> StepResult:
        """Record the progress, and stop the attempt if necessary."""
        stored = self._record_progress(stored, report)
        stored = self.services.with_slow_mark(stored, self._normal(stored.run, memo))
        if is_to_stop(stored.run):
            return self.stopper.stop(stored, external_id, memo)
        return self.services.plan_poll(stored.run, memo.after_poll(), report.retry_after)

    def _ask(self, run: TaskRun, external_id: str) -> tuple[Report, Redactor] | PolysyncError:
        """Return the platform's answer, or the failure of the call."""
        try:
            return self._read(run, external_id)
        except (RunNotFound, *CALL_FAILURES) as error:
            return error

    def _read(self, run: TaskRun, external_id: str) -> tuple[Report, Redactor]:
        """Return the platform's report without secrets, and the redactor for its outputs."""
        with self.texts.filtered_errors(run.job, run.parameters.values()):
            report = self.services.connections.job(run.job).read(run.job, external_id)
        return self.texts.report(run, report)

    def _unread(
        self, stored: StoredRun, external_id: str, memo: AttemptMemo, error: PolysyncError
    ) -> StepResult:
        """Poll again later: a failed poll says nothing about the run. A stop is tried anyway."""
        stored = self._with_expired_time(stored)
        stored = self.services.with_slow_mark(stored, self._normal(stored.run, memo))
        if is_to_stop(stored.run):
            return self.stopper.stop(stored, external_id, memo, unread=error)
        failure = failure_of(ProblemStep.POLL, error, stored.run)
        delay = delay_after(stored.run, failure, error)
        stored = self.services.record_failure(stored, failure, delay=delay, gives_up=None)
        return self.services.poll_after(stored.run, delay, memo)

    def _end(
        self, stored: StoredRun, memo: AttemptMemo, report: Report, redactor: Redactor
    ) -> StepResult:
        normal = self._normal(stored.run, memo)
        stored = self.services.with_slow_mark(stored, normal, until=report.finished_at)
        self.services.planner.record_end(stored.run, report)
        return self.services.recorder.end(stored, lambda run: reported(run, report, redactor))

    def _normal(self, run: TaskRun, memo: AttemptMemo) -> float | None:
        """Return the longest normal duration of the attempt; a lost memo is planned anew."""
        return self.services.planner.longest_normal(run) if memo.normal is None else memo.normal

    def _record_progress(self, stored: StoredRun, report: Report) -> StoredRun:
        """Record in one write: progress, the end of a problem, an expired time-out."""
        attempt, now = stored.run.attempt, self.services.clock()
        if attempt is None:
            return stored
        title = self.services.connections.title(stored.run.job)
        message = (report.message or "")[:_LONGEST_MESSAGE] if report.wait is not None else ""

        def change(run: TaskRun) -> TaskRun | None:
            if not run.carries(attempt.number) or run.attempt is None:
                return None
            text = state_text(run, title, report, now, message=message or None)
            if _is_worth_a_write(run, run.attempt, report, text, now):
                run = _with_progress(run, run.attempt, report, text, now)
            steps = set(ProblemStep) - {ProblemStep.CANCEL} if is_to_stop(run) else set(ProblemStep)
            return _with_time_out(without_problem(run, *steps, at=now), now)

        return self.services.store.update(stored, change)

    def _with_expired_time(self, stored: StoredRun) -> StoredRun:
        number, now = len(stored.run.attempts), self.services.clock()
        return self.services.store.update(
            stored, lambda run: _with_time_out(run, now) if run.carries(number) else None
        )


def _external_id(run: TaskRun) -> str:
    return (run.attempt and run.attempt.external_run_id) or ""


def _is_worth_a_write(
    run: TaskRun, attempt: Attempt, report: Report, text: str, now: datetime
) -> bool:
    if run.execution_timeout_seconds is not None and report.started_at not in {
        None,
        attempt.started_at,
    }:
        return True
    if now - (attempt.submitted_at or now) < _MIN_AGE_TO_RECORD:
        return False
    if attempt.provider_status != report.status:
        return True
    is_due = attempt.state_at is None or now - attempt.state_at >= _TEXT_INTERVAL
    return text != run.reason and is_due


def _with_progress(
    run: TaskRun, attempt: Attempt, report: Report, text: str, now: datetime
) -> TaskRun:
    progress = replace(
        attempt,
        provider_status=report.status,
        monitor_url=report.monitor_url or attempt.monitor_url,
        started_at=report.started_at or attempt.started_at,
        state_at=now,
    )
    return replace(with_attempt(run, progress), reason=text)


def _with_time_out(run: TaskRun, now: datetime) -> TaskRun:
    """Record an expired time-out, before the platform is asked to stop."""
    deadline = run.times_out_at
    if run.cancel_requested is not None or deadline is None or now < deadline:
        return run
    return time_out(run, at=now, actor=ACTOR)
