"""Asks a platform to stop an attempt, and limits the wait for the confirmation."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from polysync_core.application.platforms.platform_texts import PlatformTexts
from polysync_core.application.runs.attempts.failures import CALL_FAILURES, delay_after, failure_of
from polysync_core.application.runs.attempts.outcomes import unconfirmed_stop
from polysync_core.application.runs.attempts.run_not_found import after_denial
from polysync_core.application.runs.attempts.services import AttemptServices
from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.runs.failures.problem import Failure, ProblemStep
from polysync_core.domain.runs.interruptions import with_failure, with_stop_tried, without_problem
from polysync_core.domain.runs.polls.plans import CANCELLING_DELAY
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.platforms.connector import CannotStop, RunNotFound

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopper:
    """Stops attempts on their platforms."""

    services: AttemptServices
    texts: PlatformTexts

    def stop(
        self,
        stored: StoredRun,
        external_id: str,
        memo: AttemptMemo,
        *,
        unread: PolysyncError | None = None,
    ) -> StepResult:
        """Ask the platform to stop until it accepts, and wait for its confirmation.

        `unread` is the error of the poll before, if the platform did not report the state.
        """
        error, failure = self._asked(stored.run, external_id), None
        if isinstance(error, RunNotFound):
            return after_denial(self.services, stored, error, memo)
        if error is not None:
            failure = failure_of(ProblemStep.CANCEL, error, stored.run)
        elif unread is not None:
            error, failure = unread, failure_of(ProblemStep.POLL, unread, stored.run)
        delay = CANCELLING_DELAY
        if failure is not None and error is not None:
            delay = delay_after(stored.run, failure, error)
        stored = self._record(stored, failure, delay)
        now, limit = self.services.clock(), self.limit(stored.run)
        if limit is not None and now > limit:
            return self.services.recorder.end(
                stored, lambda run: unconfirmed_stop(run, self.services.timeouts)
            )
        if limit is not None:
            # The last poll follows right after the limit.
            delay = min(delay, (limit - now).total_seconds() + 1)
        return self.services.poll_after(stored.run, delay, memo.after_poll())

    def limit(self, run: TaskRun) -> datetime | None:
        """Return the time at which an unconfirmed stop ends the attempt; None before it is known.

        A cancellation counts from the first try. A time-out counts from the acceptance, because a
        run that was not stopped may do harm beside the next one.
        """
        attempt = run.attempt
        if attempt is None:
            return None
        begun = attempt.stop_accepted if run.cancel_requested is None else attempt.stop_tried
        return None if begun is None else begun + self.services.timeouts.cancel

    def stop_attempt(self, run: TaskRun) -> bool:
        """Stop the attempt under way; return whether its platform accepted the request."""
        attempt = run.attempt
        if attempt is None or attempt.external_run_id is None:
            return False
        return self.stop_abandoned(run, attempt.external_run_id)

    def stop_abandoned(self, run: TaskRun, external_id: str) -> bool:
        """Ask the platform to stop a run that no orchestration will poll again."""
        try:
            self.services.connections.job(run.job).cancel(run.job, external_id)
        except (*CALL_FAILURES, RunNotFound, CannotStop):
            message = "The platform could not be asked to stop an abandoned run."
            _log.warning(message, extra=_facts("stop_failed", run))
            return False
        _log.warning("An abandoned run was stopped.", extra=_facts("abandoned_run_stopped", run))
        return True

    def _asked(self, run: TaskRun, external_id: str) -> PolysyncError | None:
        """Ask the platform to stop unless it has accepted that; return the failure."""
        attempt = run.attempt
        if attempt is None or attempt.stop_accepted is not None:
            return None
        try:
            with self.texts.filtered_errors(run.job, run.parameters.values()):
                self.services.connections.job(run.job).cancel(run.job, external_id)
        except CannotStop:
            # The run can only end by itself; Polysync waits as long as for a confirmation.
            _log.warning("The platform cannot stop a run.", extra=_facts("cannot_stop", run))
        except (*CALL_FAILURES, RunNotFound) as error:
            return error
        else:
            _log.info("The platform was asked to stop a run.", extra=_facts("cancel_sent", run))
        return None

    def _record(self, stored: StoredRun, failure: Failure | None, delay: float) -> StoredRun:
        """Write the first try, the acceptance, and the problem; nothing if all is known."""
        number, now = len(stored.run.attempts), self.services.clock()
        accepted = failure is None or failure.step is not ProblemStep.CANCEL

        def change(run: TaskRun) -> TaskRun | None:
            if not run.carries(number):
                return None
            run = with_stop_tried(run, at=now, accepted=accepted)
            if failure is None:
                return without_problem(run, *ProblemStep, at=now)
            return with_failure(
                run,
                failure,
                at=now,
                next_try=now + timedelta(seconds=delay),
                gives_up=self.limit(run),
            )

        return self.services.store.update(stored, change)


def _facts(action: str, run: TaskRun) -> dict[str, object]:
    external_id = run.attempt and run.attempt.external_run_id
    return {"action": action, "run_id": run.run_id, "external_run_id": external_id}
