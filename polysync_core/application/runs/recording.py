"""The end of an attempt: what it means for its run, and what follows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from polysync_core.application.ports import Runs
from polysync_core.application.runs.accepting import waiting
from polysync_core.application.runs.closing import Closing
from polysync_core.application.runs.outcomes import failure, without_outputs
from polysync_core.application.runs.steps import DONE, StepResult
from polysync_core.application.runs.updating import change_run
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import TooLarge
from polysync_core.domain.runs.retries import retry_at
from polysync_core.domain.runs.run import Outcome, RunStatus, TaskRun, back_off, finish
from polysync_core.domain.runs.stored import StoredRun

ACTOR = "polysync"
"""Who changed a run, where it was Polysync itself."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecorder:
    """Ends attempts, each once."""

    runs: Runs
    closing: Closing
    clock: Clock

    def fail(
        self, stored: StoredRun, cause: FailureCause, message: str, *, may_repeat: bool = True
    ) -> StepResult:
        """Record that the attempt failed without a report of its platform."""
        return self.end(stored, lambda _: failure(cause, message, may_repeat=may_repeat))

    def end(self, stored: StoredRun, outcome_of: Callable[[TaskRun], Outcome]) -> StepResult:
        """Record how the attempt ended, and with it the run or its wait for another attempt.

        What it means is judged by the newest row: somebody may just have asked for its end.
        """
        number = len(stored.run.attempts)
        ended = self._recorded(stored, number, outcome_of)
        _log.info(
            "Attempt ended.",
            extra={
                "action": "run_ended" if ended.run.status.is_terminal else "retry_planned",
                "run_id": ended.run.run_id,
                "task": ended.run.task,
                "attempt": number,
                "status": ended.run.status,
                "cause": ended.run.attempts[number - 1].cause,
            },
        )
        return self.settled(ended, number)

    def _recorded(
        self, stored: StoredRun, attempt: int, outcome_of: Callable[[TaskRun], Outcome]
    ) -> StoredRun:
        """Write the outcome; what the platform did stands, also where its outputs cannot."""

        def write(outcome_of: Callable[[TaskRun], Outcome]) -> StoredRun:
            return change_run(
                self.runs, stored, lambda run: self._concluded(run, attempt, outcome_of)
            )

        try:
            return write(outcome_of)
        except TooLarge as error:
            why = str(error)
        return write(lambda run: without_outputs(outcome_of(run), why))

    def _concluded(
        self, run: TaskRun, attempt: int, outcome_of: Callable[[TaskRun], Outcome]
    ) -> TaskRun | None:
        """Return the run after its attempt, unless another outcome of it stands already."""
        if not run.carries(attempt):
            return None
        outcome, now = outcome_of(run), self.clock()
        until = retry_at(run, outcome, now=now)
        if until is None:
            return finish(run, outcome, at=now, actor=ACTOR)
        return back_off(run, outcome, until=until, at=now, actor=ACTOR)

    def settled(self, stored: StoredRun, attempt: int) -> StepResult:
        """Say what follows an attempt that is over, also where a crash kept it from being said."""
        run = stored.run
        if run.status.is_terminal:
            return StepResult(done=True, notify=self.closing.close(run))
        if run.status is RunStatus.QUEUED and run.next_attempt == attempt + 1:
            return StepResult(done=True, retry=waiting(run))
        return DONE
