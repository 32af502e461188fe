"""Ends attempts and runs: stores the outcome, and returns the orchestration's next step."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.ports import Engine
from polysync_core.application.runs.accepting import signal_best_effort, waiting_message
from polysync_core.application.runs.step_result import DONE, StepResult
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import TooLarge
from polysync_core.domain.runs.attempts import Attempt, Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.domain.runs.failures.retries import retry_at
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.outputs import Outputs, kept_outputs, none_kept
from polysync_core.domain.runs.run import SYSTEM_ACTOR, RunStatus, TaskRun, back_off, finish
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.domain.security.redaction import NO_SECRETS, Redactor
from polysync_core.platforms.connector import ProviderStatus, Report, Submitted
from polysync_core.telemetry.tracing import on_behalf_of

ACTOR = SYSTEM_ACTOR

_OUTCOMES = {
    ProviderStatus.SUCCESS: (RunStatus.SUCCEEDED, "The platform reports success."),
    ProviderStatus.FAILED: (RunStatus.FAILED, "The platform reports failure."),
    ProviderStatus.CANCELLED: (RunStatus.CANCELLED, "The platform reports that it was cancelled."),
}

_log = logging.getLogger(__name__)

type OutcomeOf = Callable[[TaskRun], Outcome]
"""Returns the outcome of an attempt for the newest version of its run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinisher:
    """Ends queued runs, and starts the work after a run's end."""

    store: RunStore
    task_graph: TaskGraphCache
    clock: Clock

    def dependents_of(self, run: TaskRun) -> tuple[str, ...]:
        """Return the Tasks to notify of an ended run.

        A run without fan-out starts nothing, but a window may wait for its outcome. If the Task
        depends on its own past, it is one of the Tasks: its later runs may wait for this one.
        """
        if run.task is None:
            return ()
        graph = self.task_graph
        is_ordered = run.schedule_id is not None and graph.depends_on_past(run.task)
        own = (run.task,) if is_ordered else ()
        named = graph.downstream if run.fan_out else graph.window_dependents
        return (*own, *named(run.task))

    def after_run(self, run: TaskRun) -> StepResult:
        """Deactivate an ended run without dependents, or return the dependents to notify."""
        dependents = self.dependents_of(run)
        if not dependents:
            self.store.deactivate(run)
        return StepResult(done=True, notify=dependents)

    def start_notifying(self, run: TaskRun, engine: Engine) -> None:
        """Deactivate an ended run without an orchestration, or start to notify its dependents."""
        if self.after_run(run).notify:
            signal_best_effort("complete", lambda: engine.notify_dependents(run.run_id))

    def fail_queued_run(
        self, run_id: RunId, attempt: int, *, cause: FailureCause, reason: str
    ) -> StepResult:
        """Fail a run that still waits for this attempt; safe to repeat.

        A cause belongs to an attempt, so the row gets the attempt although it never began. There
        is no retry: it would only wait or be rejected again.
        """
        stored = self.store.read(run_id)
        with on_behalf_of(stored.run):
            outcome = failure(cause, reason)
            ended = self.store.update(
                stored, lambda run: self._with_queue_failure(run, attempt, outcome)
            ).run
            _log.info(
                "A queued run was ended.",
                extra={
                    "action": "queued_run_ended",
                    "run_id": run_id,
                    "task": ended.task,
                    "status": ended.status,
                    "cause": cause,
                },
            )
            return self.after_run(ended) if ended.status.is_terminal else DONE

    def _with_queue_failure(self, run: TaskRun, attempt: int, outcome: Outcome) -> TaskRun | None:
        if run.status is not RunStatus.QUEUED or run.next_attempt != attempt:
            return None
        failed = replace(run, attempts=(*run.attempts, Attempt(number=attempt)))
        return finish(failed, outcome, at=self.clock(), actor=ACTOR)


def keep_no_details(_run: TaskRun, _outcome: Outcome) -> None:
    """Keep no failure details."""
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecorder:
    """Records how attempts end, each once."""

    store: RunStore
    finisher: RunFinisher
    clock: Clock
    kept_details: Callable[[TaskRun, Outcome], FailureDetails | None] = keep_no_details
    """Returns the failure details that the Job keeps of an outcome; it never raises."""

    def end(self, stored: StoredRun, outcome_of: OutcomeOf) -> StepResult:
        """Record the attempt's outcome; end the run or queue a retry.

        `outcome_of` gets the newest version of the run, which may be cancelled by now. An outcome
        stands even if the run has no room for its outputs.
        """
        number = len(stored.run.attempts)
        details = self.kept_details(stored.run, outcome_of(stored.run))

        def with_details(run: TaskRun) -> Outcome:
            return replace(outcome_of(run), failure_details=details)

        try:
            ended = self._write(stored, number, with_details)
        except TooLarge as error:
            ended = self._write(stored, number, outcome_of, drop_outputs=str(error))
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
        return self.after_attempt(ended.run, number)

    def after_attempt(self, run: TaskRun, attempt: int) -> StepResult:
        """Return the step that follows an ended attempt, again if a crash lost the answer."""
        if run.status.is_terminal:
            return self.finisher.after_run(run)
        if run.status is RunStatus.QUEUED and run.next_attempt == attempt + 1:
            return StepResult(done=True, retry=waiting_message(run))
        return DONE

    def _write(
        self,
        stored: StoredRun,
        attempt: int,
        outcome_of: OutcomeOf,
        *,
        drop_outputs: str | None = None,
    ) -> StoredRun:
        return self.store.update(
            stored, lambda run: self._with_outcome(run, attempt, outcome_of, drop_outputs)
        )

    def _with_outcome(
        self, run: TaskRun, attempt: int, outcome_of: OutcomeOf, drop_outputs: str | None
    ) -> TaskRun | None:
        """Return the run after its attempt; None if another outcome of the attempt stands."""
        if not run.carries(attempt):
            return None
        outcome, now = outcome_of(run), self.clock()
        if drop_outputs is not None:
            outcome = replace(outcome, outputs=none_kept(outcome.outputs, drop_outputs))
        until = retry_at(run, outcome, now=now)
        if until is None:
            return finish(run, outcome, at=now, actor=ACTOR)
        return back_off(run, outcome, until=until, at=now, actor=ACTOR)


def reported(run: TaskRun, report: Report, redactor: Redactor = NO_SECRETS) -> Outcome:
    """Return the outcome that a platform's final report means for the run.

    A run stopped by its time-out has failed. A run that ended before the platform stopped it keeps
    its own result. No kept output holds a secret of `redactor`.
    """
    status, reason = _OUTCOMES[report.status]
    if report.may_be_stopped and _was_to_stop(run) and status is RunStatus.FAILED:
        status, reason = _OUTCOMES[ProviderStatus.CANCELLED]
    cause, error, outputs = None, report.message, Outputs()
    if status is RunStatus.FAILED:
        cause = report.cause or FailureCause.ARTEFACT
    elif status is RunStatus.SUCCEEDED:
        error = None
        outputs = kept_outputs(run.job, report.outputs, redactor)
        reason = " ".join(filter(None, (reason, report.outputs_missing)))
    elif is_timed_out(run):
        status, cause = RunStatus.FAILED, FailureCause.TIMEOUT
        reason = error = f"Stopped after its execution time-out of {_timeout(run)}."
    return Outcome(
        status=status,
        reason=reason,
        cause=cause,
        error=error,
        provider_status=report.status,
        monitor_url=report.monitor_url,
        started_at=report.started_at,
        finished_at=report.finished_at,
        outputs=outputs,
    )


def reported_at_submit(
    run: TaskRun, submitted: Submitted, report: Report, redactor: Redactor
) -> Outcome:
    """Return the outcome of a run that had ended when its platform answered the submit."""
    return replace(
        reported(run, report, redactor),
        external_run_id=submitted.external_run_id,
        monitor_url=report.monitor_url or submitted.monitor_url,
    )


def failure(cause: FailureCause, message: str, *, may_repeat: bool = True) -> Outcome:
    """Return the outcome of an attempt that failed without a report of its platform."""
    return Outcome(
        status=RunStatus.FAILED, reason=message, cause=cause, error=message, may_repeat=may_repeat
    )


def in_words(duration: timedelta) -> str:
    """Return a duration as text: whole minutes, or seconds."""
    minutes, rest = divmod(duration, timedelta(minutes=1))
    return f"{minutes} minutes" if not rest else f"{duration.total_seconds():g} seconds"


def is_timed_out(run: TaskRun) -> bool:
    """Return whether the time-out, and not a cancellation, stops the attempt."""
    attempt = run.attempt
    return run.cancel_requested is None and attempt is not None and attempt.timed_out is not None


def _was_to_stop(run: TaskRun) -> bool:
    return run.cancel_requested is not None or is_timed_out(run)


def _timeout(run: TaskRun) -> str:
    return f"{run.execution_timeout_seconds} seconds"


def is_over(run: TaskRun, attempt: int) -> bool:
    """Return whether the run has ended, or continues with another attempt."""
    if run.status.is_terminal:
        return True
    due = run.next_attempt if run.status is RunStatus.QUEUED else len(run.attempts)
    return attempt != due


def with_hint_to_check(message: str, may_run: bool) -> str:
    """Return the message; if the platform may run the attempt, add where to check."""
    hint = " It may still run on its platform; check the run there."
    return message + hint if may_run else message
