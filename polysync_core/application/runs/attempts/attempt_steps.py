"""Executes one step of an attempt on its platform: submit, poll, abandon or fault.

An activity calls each step at least once, perhaps twice, perhaps after a crash. A step begins with
the row, which is the truth, and ends by returning the orchestration's next step.

A submit, and a poll that finds the end, may begin with the version that this process knows. Their
first write is a compare-and-set, so they never act on an outdated version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from polysync_core.application.platforms.platform_texts import PlatformTexts
from polysync_core.application.runs.attempts.outcomes import abandoned
from polysync_core.application.runs.attempts.poller import Poller
from polysync_core.application.runs.attempts.services import AttemptServices
from polysync_core.application.runs.attempts.stopping import Stopper
from polysync_core.application.runs.attempts.submitting import Submitter
from polysync_core.application.runs.finishing import is_over
from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.application.runs.submission import SubmissionBuilder
from polysync_core.domain.runs.failures.problem import Failure, ProblemKind, ProblemStep
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.interruptions import with_failure, with_stop_tried
from polysync_core.domain.runs.run import TaskRun
from polysync_core.telemetry.tracing import on_behalf_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSteps:
    """Executes the steps of an attempt."""

    services: AttemptServices
    submissions: SubmissionBuilder

    def submit(self, run_id: RunId, attempt: int, memo: AttemptMemo) -> StepResult:
        """Start the attempt on its platform, once, however often this is called."""
        recalled = self.services.store.recall(run_id, lambda run: not is_over(run, attempt))
        stored = recalled.stored
        with on_behalf_of(stored.run, attempt, step="submit"):
            if is_over(stored.run, attempt):
                return self.services.recorder.after_attempt(stored.run, attempt)
            return self._submitter.submit(stored, attempt, memo)

    def poll(self, run_id: RunId, attempt: int, memo: AttemptMemo) -> StepResult:
        """Read the attempt's state on its platform; stop it if necessary; record its end."""
        recalled = self.services.store.recall(run_id, lambda run: _is_submitted(run, attempt))
        run = recalled.stored.run
        with on_behalf_of(run, attempt, step="poll"):
            if not run.carries(attempt):
                return self.services.recorder.after_attempt(run, attempt)
            if not _is_submitted(run, attempt):
                return StepResult(submitted=False)
            poller = Poller(services=self.services, texts=self._texts, stopper=self._stopper)
            return poller.poll(recalled, memo)

    def abandon(self, run_id: RunId, attempt: int) -> StepResult:
        """End an attempt that cannot continue because of repeated faults in Polysync itself."""
        stored = self.services.store.read(run_id)
        with on_behalf_of(stored.run, attempt, step="abandon"):
            recorder = self.services.recorder
            if is_over(stored.run, attempt):
                return recorder.after_attempt(stored.run, attempt)
            # An attempt that was never sent may be retried at once; one that was sent must stop
            # first.
            current = stored.run.attempt if stored.run.carries(attempt) else None
            is_sent = current is not None and current.may_be_sent
            may_run = is_sent and not self._stopper.stop_attempt(stored.run)
            stored = self._submitter.begun(stored, attempt, self.services.clock())
            return recorder.end(stored, lambda run: abandoned(run, may_run=may_run))

    def record_fault(self, run_id: RunId, attempt: int, fault: str, *, delay: float) -> None:
        """Record in the row that a step failed because of a fault in Polysync itself.

        A run that shall be cancelled is abandoned when its stop time-out is over.
        """
        stored = self.services.store.read(run_id)
        if is_over(stored.run, attempt):
            return
        updated = self.services.store.update(
            stored, lambda run: self._with_fault(run, fault, delay)
        )
        current, now = updated.run.attempt, self.services.clock()
        if updated.run.cancel_requested is None or current is None or current.stop_tried is None:
            return
        if now - current.stop_tried > self.services.timeouts.cancel:
            self.abandon(run_id, attempt)

    def _with_fault(self, run: TaskRun, fault: str, delay: float) -> TaskRun | None:
        if run.status.is_terminal:
            return None
        now, current = self.services.clock(), run.attempt
        if run.cancel_requested is not None:
            run = with_stop_tried(run, at=now, accepted=False)
        is_sent = current is not None and current.external_run_id is not None
        failure = Failure(
            step=ProblemStep.POLL if is_sent else ProblemStep.SUBMIT,
            kind=ProblemKind.FAULT,
            target="Polysync",
            message=fault,
        )
        return with_failure(run, failure, at=now, next_try=now + timedelta(seconds=delay))

    @property
    def _submitter(self) -> Submitter:
        return Submitter(
            services=self.services,
            submissions=self.submissions,
            texts=self._texts,
            stopper=self._stopper,
        )

    @property
    def _stopper(self) -> Stopper:
        return Stopper(services=self.services, texts=self._texts)

    @property
    def _texts(self) -> PlatformTexts:
        return PlatformTexts(self.services.connections, self.submissions.resolve_secret)


def _is_submitted(run: TaskRun, attempt: int) -> bool:
    """Return whether the attempt is under way, and its platform has answered the submit."""
    return run.carries(attempt) and run.attempt is not None and bool(run.attempt.external_run_id)
