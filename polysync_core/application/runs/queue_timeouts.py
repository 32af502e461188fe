"""Ending a run that may not wait for its start any longer."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from polysync_core.application.ports import Runs
from polysync_core.application.runs.closing import Closing
from polysync_core.application.runs.recording import ACTOR
from polysync_core.application.runs.steps import StepResult
from polysync_core.application.runs.updating import change_run, read_run
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.clock import Clock
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import (
    Attempt,
    Outcome,
    RunStatus,
    TaskRun,
    finish,
)
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.telemetry.tracing import on_behalf_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEnds:
    """What the Dispatcher wants of a run that it turned away or that waited too long."""

    runs: Runs
    closing: Closing
    clock: Clock

    def end(self, run_id: RunId, attempt: int, *, cause: FailureCause, reason: str) -> StepResult:
        """Fail a run that still waits for this attempt, once, however often this is called.

        The attempt is recorded although it never began: a cause belongs to an attempt. It is not
        followed by a retry, which would only wait or be turned away again.
        """
        stored = read_run(self.runs, run_id)
        with on_behalf_of(stored.run):
            return self._end(stored, attempt, cause, reason)

    def _end(self, stored: StoredRun, attempt: int, cause: FailureCause, reason: str) -> StepResult:
        outcome = Outcome(status=RunStatus.FAILED, reason=reason, cause=cause, error=reason)
        ended = change_run(self.runs, stored, lambda run: self._ended(run, attempt, outcome)).run
        tasks = self.closing.close(ended) if ended.status.is_terminal else ()
        _log.info(
            "A waiting run was ended.",
            extra={
                "action": "queued_run_ended",
                "run_id": ended.run_id,
                "task": ended.task,
                "status": ended.status,
                "cause": cause,
            },
        )
        return StepResult(done=True, notify=tasks)

    def _ended(self, run: TaskRun, attempt: int, outcome: Outcome) -> TaskRun | None:
        if run.status is not RunStatus.QUEUED or run.next_attempt != attempt:
            return None
        tried = replace(run, attempts=(*run.attempts, Attempt(number=attempt)))
        return finish(tried, outcome, at=self.clock(), actor=ACTOR)
