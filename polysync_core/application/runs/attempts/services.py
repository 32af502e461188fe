"""Bundles the store, connectors, poll planner, clock and time-outs for an attempt's steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from polysync_core.application.platforms.connections import Connections
from polysync_core.application.runs.finishing import AttemptRecorder
from polysync_core.application.runs.poll_planner import PollPlanner
from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.runs.failures.problem import Failure
from polysync_core.domain.runs.interruptions import with_failure
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import StoredRun

SUBMIT_TIMEOUT = timedelta(minutes=15)
"""The maximum time for retries of a submit without an answer, from the first try."""
CANCEL_TIMEOUT = timedelta(minutes=5)
"""The maximum time for a platform to stop a run, from the first request to stop."""
LOST_TIMEOUT = timedelta(minutes=2)
"""The maximum time for which a platform may not find an accepted run; then the run is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """The limits on failing calls."""

    submit: timedelta = SUBMIT_TIMEOUT
    cancel: timedelta = CANCEL_TIMEOUT
    lost: timedelta = LOST_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptServices:
    """The services that the steps of an attempt share."""

    store: RunStore
    recorder: AttemptRecorder
    connections: Connections
    planner: PollPlanner
    clock: Clock
    timeouts: Timeouts = field(default_factory=Timeouts)

    def record_failure(
        self, stored: StoredRun, failure: Failure, *, delay: float, gives_up: datetime | None
    ) -> StoredRun:
        """Write a failed try to the row of a run whose attempt is under way."""
        number, now = len(stored.run.attempts), self.clock()

        def change(run: TaskRun) -> TaskRun | None:
            if not run.carries(number):
                return None
            next_try = now + timedelta(seconds=delay)
            return with_failure(run, failure, at=now, next_try=next_try, gives_up=gives_up)

        return self.store.update(stored, change)

    def plan_poll(self, run: TaskRun, memo: AttemptMemo, retry_after: float | None) -> StepResult:
        """Poll again when the poll plan says so."""
        delay, memo = self.planner.next_delay(run, memo, retry_after=retry_after)
        return self.poll_after(run, delay, memo)

    def poll_after(self, run: TaskRun, delay: float, memo: AttemptMemo) -> StepResult:
        """Poll again after a delay, or at the deadline if that is earlier."""
        if run.deadline is not None and run.deadline > self.clock():
            delay = min(delay, (run.deadline - self.clock()).total_seconds())
        return StepResult(submitted=True, after_seconds=delay, memo=memo.after_wait(delay))
