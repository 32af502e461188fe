"""Carrying one attempt of a run: submit it, look at it, record how it ended.

An activity calls one of these at least once, perhaps twice, perhaps after a crash. Each begins by
reading the row, which is the truth, and ends by saying what the orchestration does next.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from polysync_core.application.platforms.connections import Connections
from polysync_core.application.ports import Runs
from polysync_core.application.runs.closing import Closing
from polysync_core.application.runs.durations import DurationHistory
from polysync_core.application.runs.outcomes import ended_at_once, in_words, reported, unproven_stop
from polysync_core.application.runs.polling import PollPlanner
from polysync_core.application.runs.recording import ACTOR, AttemptRecorder
from polysync_core.application.runs.steps import AttemptMemo, StepResult
from polysync_core.application.runs.submission import SubmissionBuilder
from polysync_core.application.runs.updating import change_run, read_run
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import Invalid, NotFound, PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.polling import CANCELLING_DELAY, delay_after_trouble
from polysync_core.domain.runs.run import (
    Attempt,
    RunStatus,
    TaskRun,
    begin_attempt,
    time_out,
    with_attempt,
)
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.domain.secrets import Secret
from polysync_core.platforms.connector import (
    CannotStop,
    JobConnector,
    OutcomeUnknown,
    ProviderStatus,
    Report,
    RunNotFound,
    Submitted,
)
from polysync_core.telemetry.tracing import on_behalf_of

SUBMIT_PATIENCE = timedelta(minutes=15)
"""How long a submit that gets no answer is tried again."""
CANCEL_PATIENCE = timedelta(minutes=5)
"""How long a platform may take, once it was asked to stop a run, to prove that it has."""
LOST_PATIENCE = timedelta(minutes=2)
"""How long a platform may deny a run that it accepted, before the run counts as lost."""
_WORTH_A_WRITE = timedelta(seconds=3.5)
"""The age from which a change of the provider's status is written; shorter runs do without."""

OUTPUTS_UNCOMPARED = (
    "Its outputs are not kept: a secret that it was given can no longer be read, so nothing shows "
    "whether they hold it."
)

_log = logging.getLogger(__name__)

_TROUBLE = (Unavailable, Uncertain, PlatformRefused, Invalid, NotFound)
"""What a look may meet; it says something of the platform or its definition, not of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSteps:
    """The steps of an attempt."""

    runs: Runs
    closing: Closing
    connections: Connections
    orders: SubmissionBuilder
    durations: DurationHistory
    clock: Clock
    submit_patience: timedelta = SUBMIT_PATIENCE
    cancel_patience: timedelta = CANCEL_PATIENCE
    lost_patience: timedelta = LOST_PATIENCE

    @property
    def _endings(self) -> AttemptRecorder:
        return AttemptRecorder(runs=self.runs, closing=self.closing, clock=self.clock)

    @property
    def _looks(self) -> PollPlanner:
        return PollPlanner(connections=self.connections, durations=self.durations, clock=self.clock)

    def submit(self, run_id: RunId, attempt: int, memo: AttemptMemo) -> StepResult:
        """Start the attempt on its platform, once, however often this is called."""
        stored = read_run(self.runs, run_id)
        with on_behalf_of(stored.run, attempt, step="submit"):
            return self._submit(stored, attempt, memo)

    def _submit(self, stored: StoredRun, attempt: int, memo: AttemptMemo) -> StepResult:
        if _is_over(stored.run, attempt):
            return self._endings.settled(stored, attempt)
        stored, is_first = self._begin(stored, attempt, sends=memo.failures + 1)
        if not is_first:
            # Somebody began before and is not heard of any more: it may have been sent.
            memo = replace(memo, uncertain=True)
        current = stored.run.attempt
        if not stored.run.carries(attempt) or current is None:
            return self._endings.settled(stored, attempt)
        if current.external_run_id is not None:
            return StepResult(submitted=True, memo=AttemptMemo())
        return self._send(stored, current, memo)

    def look(self, run_id: RunId, attempt: int, memo: AttemptMemo) -> StepResult:
        """See how the attempt is getting on, stop it if that is wanted, and record its end."""
        stored = read_run(self.runs, run_id)
        with on_behalf_of(stored.run, attempt, step="look"):
            return self._look(stored, attempt, memo)

    def _look(self, stored: StoredRun, attempt: int, memo: AttemptMemo) -> StepResult:
        current = stored.run.attempt
        if not stored.run.carries(attempt) or current is None:
            return self._endings.settled(stored, attempt)
        if current.external_run_id is None:
            return StepResult(submitted=False)
        external_id = current.external_run_id
        try:
            connector = self.connections.job(stored.run.job)
            report, secrets = self._told(stored.run, connector.read(stored.run.job, external_id))
        except RunNotFound:
            return self._missing(stored, memo)
        except _TROUBLE as error:
            return self._in_the_dark(stored, memo, error)
        if report.status.is_final:
            self._looks.learn(stored.run, report)
            return self._endings.end(stored, lambda run: reported(run, report, secrets))
        stored = self._note_progress(stored, report)
        stored = change_run(self.runs, stored, lambda run: self._timed_out(run, attempt))
        if not _is_to_stop(stored.run):
            delay, memo = self._looks.next(stored.run, memo.looked(), wish=report.retry_after)
            return self._again(stored.run, delay, memo)
        return self._stopping(stored, connector, external_id, memo)

    def _told(self, run: TaskRun, report: Report) -> tuple[Report, Sequence[Secret]]:
        """Return a report, and the secrets that its outputs must not hold.

        Outputs that cannot be compared with them are not kept; a vault that does not answer now is
        asked again with the next look.
        """
        if not report.outputs:
            return report, ()
        try:
            return report, self.orders.secrets_of(run)
        except PlatformRefused:
            return replace(report, outputs={}, outputs_missing=OUTPUTS_UNCOMPARED), ()

    def give_up(self, run_id: RunId, attempt: int) -> StepResult:
        """End an attempt that our own faults keep from going on."""
        stored = read_run(self.runs, run_id)
        with on_behalf_of(stored.run, attempt, step="give up"):
            return self._give_up(stored, attempt)

    def _give_up(self, stored: StoredRun, attempt: int) -> StepResult:
        if _is_over(stored.run, attempt):
            return self._endings.settled(stored, attempt)
        # What was never sent may be tried again at once; what was sent must be stopped before.
        stopped = stored.run.status is RunStatus.QUEUED or self._given_up(stored.run)
        stored, _ = self._begin(stored, attempt)
        if not stored.run.carries(attempt):
            return self._endings.settled(stored, attempt)
        message = "Polysync could not carry on; its log holds the reason under this run's id."
        message = _with_doubt(message, not stopped)
        return self._endings.fail(stored, FailureCause.INTERNAL, message, may_repeat=stopped)

    # Submitting

    def _begin(self, stored: StoredRun, attempt: int, *, sends: int = 1) -> tuple[StoredRun, bool]:
        """Note on the row that the attempt is about to be sent for the `sends`-th time.

        Tells whether it was noted here, and not by another execution of this very step.
        """
        noted = False

        def begun(run: TaskRun) -> TaskRun | None:
            nonlocal noted
            changed = self._begun(run, attempt, sends)
            noted = changed is not None
            return changed

        return change_run(self.runs, stored, begun), noted

    def _begun(self, run: TaskRun, attempt: int, sends: int) -> TaskRun | None:
        """Start the attempt of a queued run; one that was cancelled meanwhile stays so."""
        current = run.attempt
        if run.carries(attempt) and current is not None:
            is_due = current.external_run_id is None and current.sends < sends
            return with_attempt(run, replace(current, sends=sends)) if is_due else None
        if run.status is not RunStatus.QUEUED or run.next_attempt != attempt:
            return None
        return begin_attempt(run, at=self.clock(), actor=ACTOR)

    def _send(self, stored: StoredRun, current: Attempt, memo: AttemptMemo) -> StepResult:
        run = stored.run
        try:
            connector = self.connections.job(run.job)
            order = self.orders.order_for(run, current, is_resend=memo.uncertain)
            submitted = connector.submit(order)
        except (PlatformRefused, Invalid, NotFound) as error:
            cause = error.cause if isinstance(error, PlatformRefused) else FailureCause.SUBMIT
            message = _with_doubt(str(error), memo.uncertain)
            return self._endings.fail(stored, cause, message, may_repeat=not memo.uncertain)
        except OutcomeUnknown as error:
            message = _with_doubt(str(error), True)
            return self._endings.fail(stored, FailureCause.LOST, message, may_repeat=False)
        except (Unavailable, Uncertain) as error:
            return self._unanswered(stored, memo, error)
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
        report = submitted.report
        if report is not None and report.status.is_final:
            secrets = [each for each in order.parameters.values() if isinstance(each, Secret)]
            return self._endings.end(
                stored, lambda run: ended_at_once(run, submitted, report, secrets)
            )
        stored = self._record_submitted(stored, current.number, submitted)
        if not stored.run.carries(current.number):
            return self._overtaken(stored, current.number, submitted)
        if stored.run.cancel_requested is not None:
            return self._again(stored.run, 0, AttemptMemo())
        wish = report.retry_after if report is not None else None
        delay, memo = self._looks.next(stored.run, AttemptMemo(), wish=wish)
        return self._again(stored.run, delay, memo)

    def _record_submitted(self, stored: StoredRun, attempt: int, submitted: Submitted) -> StoredRun:
        def recorded(run: TaskRun) -> TaskRun | None:
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

        return change_run(self.runs, stored, recorded)

    def _overtaken(self, stored: StoredRun, attempt: int, submitted: Submitted) -> StepResult:
        """Stop what was started for an attempt that another execution of this step has ended."""
        known = stored.run.attempts[attempt - 1].external_run_id
        if known != submitted.external_run_id:
            self._stopped_at_last(stored.run, submitted.external_run_id)
        return self._endings.settled(stored, attempt)

    def _unanswered(
        self, stored: StoredRun, memo: AttemptMemo, error: Unavailable | Uncertain
    ) -> StepResult:
        memo = memo.troubled(self.clock())
        memo = replace(memo, uncertain=memo.uncertain or isinstance(error, Uncertain))
        if memo.trouble(self.clock()) <= self.submit_patience:
            return self._again_after_trouble(stored.run, memo, error)
        message = f"The platform gave no answer to the submit for {in_words(self.submit_patience)}."
        cause, message = FailureCause.PLATFORM_UNREACHABLE, _with_doubt(message, memo.uncertain)
        return self._endings.fail(stored, cause, message, may_repeat=not memo.uncertain)

    # Looking

    def _timed_out(self, run: TaskRun, attempt: int) -> TaskRun | None:
        """Note that the attempt's time is up, before anything is done about it."""
        deadline = run.deadline
        if not run.carries(attempt) or run.cancel_requested is not None or deadline is None:
            return None
        now = self.clock()
        return time_out(run, at=now, actor=ACTOR) if now >= deadline else None

    def _stopping(
        self, stored: StoredRun, connector: JobConnector, external_id: str, memo: AttemptMemo
    ) -> StepResult:
        """Ask the platform to stop, once per orchestration, and wait for its proof."""
        run = stored.run
        if memo.stop_sent is None:
            try:
                connector.cancel(run.job, external_id)
            except RunNotFound:
                return self._missing(stored, memo)
            except CannotStop:
                # Nothing can be done but to wait for its own end, for as long as for a proof.
                _log.warning("The platform cannot stop a run.", extra=_stop("cannot_stop", run))
            except _TROUBLE as error:
                return self._in_the_dark(stored, memo, error)
            else:
                _log.info("The platform was asked to stop a run.", extra=_stop("cancel_sent", run))
            memo = replace(memo, stop_sent=self.clock().timestamp())
        if memo.stopping(self.clock()) > self.cancel_patience:
            return self._endings.end(stored, lambda run: unproven_stop(run, self.cancel_patience))
        return self._again(run, CANCELLING_DELAY, memo.looked())

    def _given_up(self, run: TaskRun) -> bool:
        """Stop the attempt under way; tell whether its platform took the request."""
        attempt = run.attempt
        if attempt is None or attempt.external_run_id is None:
            return False
        return self._stopped_at_last(run, attempt.external_run_id)

    def _stopped_at_last(self, run: TaskRun, external_id: str) -> bool:
        """Ask the platform to stop what nobody will look at any more."""
        try:
            self.connections.job(run.job).cancel(run.job, external_id)
        except (*_TROUBLE, RunNotFound, CannotStop):
            message = "The platform could not be asked to stop a run that is given up."
            _log.warning(message, extra=_stop("stop_failed", run))
            return False
        _log.warning("A run that is given up was stopped.", extra=_stop("stop_at_last", run))
        return True

    def _note_progress(self, stored: StoredRun, report: Report) -> StoredRun:
        """Show on the row what is new of the attempt, and from when its time runs."""
        attempt = stored.run.attempt
        if attempt is None:
            return stored
        limited = stored.run.execution_timeout_seconds is not None
        started = limited and report.started_at not in {None, attempt.started_at}
        changed = attempt.provider_status != report.status
        age = self.clock() - (attempt.submitted_at or self.clock())
        if not started and not (changed and age >= _WORTH_A_WRITE):
            return stored

        def noted(run: TaskRun) -> TaskRun | None:
            if not run.carries(attempt.number) or run.attempt is None:
                return None
            progress = replace(
                run.attempt,
                provider_status=report.status,
                monitor_url=report.monitor_url or run.attempt.monitor_url,
                started_at=report.started_at or run.attempt.started_at,
            )
            return with_attempt(run, progress)

        return change_run(self.runs, stored, noted)

    def _missing(self, stored: StoredRun, memo: AttemptMemo) -> StepResult:
        memo = memo.troubled(self.clock())
        if memo.trouble(self.clock()) >= self.lost_patience:
            message = "The platform does not know the run any more; it may have been deleted there."
            return self._endings.fail(stored, FailureCause.LOST, message)
        return self._again(stored.run, delay_after_trouble(memo.failures), memo)

    def _in_the_dark(self, stored: StoredRun, memo: AttemptMemo, error: Exception) -> StepResult:
        """A look that fails says nothing of the run: look again, ever less often."""
        now = self.clock()
        if memo.stopping(now) > self.cancel_patience:
            return self._endings.end(stored, lambda run: unproven_stop(run, self.cancel_patience))
        return self._again_after_trouble(stored.run, memo.troubled(now), error, submitted=True)

    def _again(self, run: TaskRun, delay: float, memo: AttemptMemo) -> StepResult:
        """Look again after a delay, or at the deadline if that is earlier."""
        if run.deadline is not None and run.deadline > self.clock():
            delay = min(delay, (run.deadline - self.clock()).total_seconds())
        return StepResult(submitted=True, after_seconds=delay, memo=memo.waiting(delay))

    # Trouble

    def _again_after_trouble(
        self, run: TaskRun, memo: AttemptMemo, error: Exception, *, submitted: bool = False
    ) -> StepResult:
        wish = error.retry_after if isinstance(error, Unavailable) else None
        delay = delay_after_trouble(memo.failures, wish=wish)
        _log.warning(
            "The platform could not be asked; it will be asked again.",
            extra={
                "action": "platform_trouble",
                "run_id": run.run_id,
                "platform": run.job.platform,
                "error": str(error),
                "failures": memo.failures,
                "again_after_seconds": round(delay, 1),
            },
        )
        if submitted:
            return self._again(run, delay, memo)
        return StepResult(submitted=False, after_seconds=delay, memo=memo)


def _is_over(run: TaskRun, attempt: int) -> bool:
    """Whether this attempt has nothing left to do: the run has ended, or goes on with another."""
    if run.status.is_terminal:
        return True
    due = run.next_attempt if run.status is RunStatus.QUEUED else len(run.attempts)
    return attempt != due


def _is_to_stop(run: TaskRun) -> bool:
    """Whether the platform is to stop the attempt under way: it is not wanted, or out of time."""
    attempt = run.attempt
    return run.cancel_requested is not None or (
        attempt is not None and attempt.timed_out is not None
    )


def _with_doubt(message: str, may_run: bool) -> str:
    """Return the message, with where to look if the platform may have the run all the same."""
    doubt = " It may run on its platform all the same; look at it there."
    return message + doubt if may_run else message


def _stop(action: str, run: TaskRun) -> dict[str, object]:
    external_id = run.attempt and run.attempt.external_run_id
    return {"action": action, "run_id": run.run_id, "external_run_id": external_id}
